"""One end of the reference streams; run inside a network namespace, with the standard library only.

stream.py receive PORT FLOWS OUT
    writes lines of flow, message, instant received
stream.py send HOST PORT FLOWS SECONDS CADENCE_MS BYTES CONGESTION OUT
    writes lines of flow, message, instant sent, local port
"""

import selectors
import socket
import sys
import time


def receive(port: int, flows: int, out: str) -> None:
    listener = socket.create_server(("0.0.0.0", port), backlog=flows)
    print("ready", flush=True)
    selector = selectors.DefaultSelector()
    held: dict[socket.socket, bytearray] = {}
    for _ in range(flows):
        accepted, _ = listener.accept()
        accepted.setblocking(False)
        selector.register(accepted, selectors.EVENT_READ)
        held[accepted] = bytearray()
    lines: list[str] = []
    open_flows = flows
    while open_flows:
        for key, _ in selector.select():
            assert isinstance(key.fileobj, socket.socket)
            near = key.fileobj
            data = near.recv(1 << 16)
            at_ns = time.monotonic_ns()
            if not data:
                selector.unregister(near)
                near.close()
                open_flows -= 1
                continue
            buffer = held[near]
            buffer += data
            while len(buffer) >= 16:
                size, flow, message = (int.from_bytes(buffer[i : i + 4]) for i in (0, 4, 8))
                if len(buffer) < size:
                    break
                del buffer[:size]
                lines.append(f"{flow} {message} {at_ns}\n")
    with open(out, "w") as file:
        file.writelines(lines)


def send(
    host: str,
    port: int,
    flows: int,
    seconds: float,
    cadence_ms: float,
    size: int,
    congestion: str,
    out: str,
) -> None:
    sockets = []
    for _ in range(flows):
        here = socket.socket()
        here.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        here.connect((host, port))
        sockets.append(here)
    ports = [here.getsockname()[1] for here in sockets]
    start_ns = time.monotonic_ns() + 200_000_000
    lines = []
    for message in range(int(seconds * 1000 / cadence_ms)):
        for flow, here in enumerate(sockets):
            due_ns = start_ns + round((message + flow / flows) * cadence_ms * 1e6)
            wait_ns = due_ns - time.monotonic_ns()
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)
            head = b"".join(n.to_bytes(4) for n in (size, flow, message))
            sent_ns = time.monotonic_ns()
            here.send(head.ljust(size, b"."))
            lines.append(f"{flow} {message} {sent_ns} {ports[flow]}\n")
    for here in sockets:
        here.shutdown(socket.SHUT_WR)
        here.settimeout(60)
    for here in sockets:
        here.recv(1)
    with open(out, "w") as file:
        file.writelines(lines)


if __name__ == "__main__":
    role, *words = sys.argv[1:]
    if role == "receive":
        receive(int(words[0]), int(words[1]), words[2])
    else:
        host, port, flows, seconds, cadence, size, congestion, out = words
        send(
            host, int(port), int(flows), float(seconds), float(cadence), int(size), congestion, out
        )
