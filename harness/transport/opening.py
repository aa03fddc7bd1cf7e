"""Opening a connection: TCP, a proxy's tunnel, TLS, then the upgrade request."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.clock import now_ns
from harness.errors import Fault, Party, Phase, sanitised
from harness.transport.poller import poller_of
from harness.transport.stamped_socket import StampedSocket
from harness.transport.system_calls import new_socket
from harness.transport.tls import TlsSession, TlsStream, shake_hands
from harness.transport.websocket import Connection, Receiver, Target

_HEAD_LIMIT_BYTES = 16_384
_PLAIN = "A server without TLS wants ws or http in the address"


@dataclass(frozen=True, slots=True)
class ConnectionTimes:
    """When TCP and TLS were established; monotonic nanoseconds."""

    reached_ns: int
    secured_ns: int | None


async def connect(
    uri: Target,
    headers: Sequence[tuple[str, str]],
    receiver: Receiver,
    *,
    limit_s: float,
    via: tuple[str, int] | None = None,
    tunnel: bool = False,
    proxy_authorization: str = "",
    tls: ssl.SSLContext | None = None,
    send_buffer_bytes: int | None = None,
) -> tuple[Connection, ConnectionTimes] | Fault:
    """Open a connection on the running loop and send the upgrade request.

    Args:
        uri: Address as the server is to see it.
        headers: Extra headers of the upgrade request.
        receiver: Receives what happens.
        limit_s: How long it may take.
        via: Host and port to open the socket to instead, such as a proxy's.
        tunnel: What listens at `via` is an HTTP proxy, to be asked for a connection to the
            target.
        proxy_authorization: What the proxy is shown, empty for nothing.
        tls: Context for `wss`; by default certificates are verified against the system's.
        send_buffer_bytes: How much the kernel is asked to keep of what it could not send yet;
            `None` for as much as it likes.

    Returns:
        The connection and when its stages were established, or the fault that kept it from opening.
    """
    sock: socket.socket | None = None
    made, at_proxy = False, tunnel
    try:
        async with asyncio.timeout(limit_s):
            sock = await reach((uri.host, uri.port) if via is None else via)
            reached_ns, secured_ns, session = now_ns(), None, None
            if tunnel:
                refusal = await dig(sock, uri, proxy_authorization)
                if refusal is not None:
                    return refusal
                at_proxy = False
            if uri.secure:
                session = TlsSession(tls or ssl.create_default_context(), uri.host)
                await shake_hands(session, sock)
                secured_ns = now_ns()
        made = True
    except OSError as error:
        fault = unreached(error, limit_s)
        return no_way_to_proxy(via, fault) if at_proxy and via is not None else fault
    finally:
        if sock is not None and not made:
            sock.close()
    connection = Connection(uri, headers, receiver)
    if send_buffer_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    stamped = StampedSocket(sock, poller_of(asyncio.get_running_loop()))
    stream = stamped if session is None else TlsStream(stamped, session)
    stream.start(connection)
    connection.begin(stream)
    return connection, ConnectionTimes(reached_ns, secured_ns)


def unreached(error: OSError, limit_s: float) -> Fault:
    """Return why a connection could not be opened within so long."""
    if isinstance(error, TimeoutError):
        words = f"no answer within {limit_s:g} s"
        return Fault(Party.NETWORK, Phase.CONNECT, "connect_timeout", words)
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
        words = f"no TLS: {error.reason or sanitised(error)}. {_PLAIN}"
        return Fault(Party.THEIRS, Phase.CONNECT, "no_tls", words)
    if isinstance(error, ssl.SSLError):
        words = getattr(error, "verify_message", "") or error.reason or sanitised(error)
        return Fault(Party.THEIRS, Phase.CONNECT, "tls", words)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        words = "this machine allows no more open files; see ulimit -n"
        return Fault(Party.OURS, Phase.CONNECT, "open_files", words)
    return Fault(Party.NETWORK, Phase.CONNECT, type(error).__name__, sanitised(error))


def no_way_to_proxy(proxy: tuple[str, int], fault: Fault) -> Fault:
    """Return the fault of a proxy that cannot be reached, of which `fault` says why."""
    words = f"{proxy[0]}:{proxy[1]}: {fault.detail}"
    return replace(fault, code="no_proxy", detail=words)


async def reach(address: tuple[str, int]) -> socket.socket:
    """Return a socket that is connected to an address, by the first of its numbers that answers.

    Raises:
        OSError: None does; the error of the last one.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(*address, type=socket.SOCK_STREAM)
    error: OSError = OSError(errno.EADDRNOTAVAIL, f"{address[0]} has no address")
    for family, kind, protocol, _, number in found:
        sock = new_socket(family, kind, protocol)
        try:
            # A frame is to leave by itself, not together with the next one.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, number)
        except OSError as failed:
            sock.close()
            error = failed
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise error


async def dig(sock: socket.socket, uri: Target, authorization: str) -> Fault | None:
    """Ask an HTTP proxy for a connection to the target; return why it gave none."""
    loop = asyncio.get_running_loop()
    name = f"[{uri.host}]:{uri.port}" if ":" in uri.host else f"{uri.host}:{uri.port}"
    head = f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n"
    if authorization:
        head += f"Proxy-Authorization: {authorization}\r\n"
    await loop.sock_sendall(sock, f"{head}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) <= _HEAD_LIMIT_BYTES:
        data = await loop.sock_recv(sock, _HEAD_LIMIT_BYTES)
        if not data:
            answer = answer or b"HTTP/1.1 closed without an answer"
            break
        answer += data
    status = answer.partition(b"\r\n")[0].decode("latin-1")
    if status.split(" ")[1:2] == ["200"]:
        return None
    return Fault(Party.NETWORK, Phase.CONNECT, "proxy_refused", sanitised(status))
