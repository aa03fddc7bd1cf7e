"""Opening connections: what is asked on the way, and which fault says what kept it from it."""

import asyncio
import socket
import ssl

import pytest
from websockets.asyncio.server import ServerConnection, serve

from harness.errors import Fault, Party, Phase
from harness.transport import connect, parse_target
from tests.transport.conftest import Ear, TlsServer


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_verified_and_an_authority_can_be_named(
    trusted: bool, tls_server: TlsServer
) -> None:
    async def greet(server: ServerConnection) -> None:
        await server.send("hello")

    async def try_session() -> tuple[object, Ear]:
        async with serve(greet, "127.0.0.1", 0, ssl=tls_server.context) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            target, ear = parse_target(f"wss://localhost:{port}", "/"), Ear()
            tls = ssl.create_default_context(cafile=tls_server.authority) if trusted else None
            opened = await connect(target, [], ear, limit_s=10, via=("127.0.0.1", port), tls=tls)
            if not isinstance(opened, Fault):
                await ear.over
            return opened, ear

    opened, ear = asyncio.run(try_session())
    if trusted:
        assert not isinstance(opened, Fault)
        stages = opened[1]  # type: ignore[index]
        assert stages.secured_ns is not None
        assert stages.reached_ns < stages.secured_ns
        assert [data for data, _ in ear.messages] == [b"hello"]
    else:
        assert isinstance(opened, Fault)
        assert (opened.phase, opened.code) == (Phase.CONNECT, "tls")
        assert "certificate" in opened.detail


@pytest.mark.parametrize("answer", [b"200 Connection established", b"403 Forbidden"])
def test_an_http_proxy_is_asked_for_the_way(answer: bytes) -> None:
    asked: list[bytes] = []

    async def greet(server: ServerConnection) -> None:
        await server.send("hello")

    async def try_session() -> tuple[object, Ear]:
        async with serve(greet, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]

            async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 " + answer + b"\r\n\r\n")
                if answer.startswith(b"200"):
                    there = await asyncio.open_connection("127.0.0.1", port)
                    await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))
                writer.close()

            async with await asyncio.start_server(relay, "127.0.0.1", 0) as proxy:
                via = proxy.sockets[0].getsockname()
                target, ear = parse_target("ws://api.example:80", "/v1"), Ear()
                opened = await connect(target, [], ear, limit_s=10, via=via, tunnel=True)
                if not isinstance(opened, Fault):
                    await ear.over
                return opened, ear

    opened, ear = asyncio.run(try_session())
    assert asked[0].startswith(b"CONNECT api.example:80 HTTP/1.1\r\n")
    if answer.startswith(b"200"):
        assert [data for data, _ in ear.messages] == [b"hello"]
    else:
        assert isinstance(opened, Fault)
        assert (opened.code, opened.detail) == ("proxy_refused", "HTTP/1.1 403 Forbidden")


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


def test_nobody_listening_is_a_fault_of_the_way_there() -> None:
    async def knock() -> object:
        async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
        return await connect(parse_target(f"ws://127.0.0.1:{port}", "/"), [], Ear(), limit_s=10)

    fault = asyncio.run(knock())
    assert isinstance(fault, Fault)
    assert (fault.party, fault.phase) == (Party.NETWORK, Phase.CONNECT)


def test_a_server_that_closed_before_the_upgrade_is_a_fault_of_its_own() -> None:
    async def meet() -> tuple[int | None, Fault | None]:
        async def open_and_leave(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(open_and_leave, "127.0.0.1", 0) as proxy:
            via, ear = proxy.sockets[0].getsockname(), Ear()
            target = parse_target("ws://api.example:80", "/v1/realtime?model=m")
            made = await connect(target, [], ear, limit_s=10, via=via, tunnel=True)
            assert not isinstance(made, Fault)
            async with asyncio.timeout(10):
                return await ear.over

    code, fault = asyncio.run(meet())
    assert code is None
    assert fault is not None
    assert fault.party is not Party.OURS


def test_who_does_not_answer_is_given_up_within_the_limit() -> None:
    async def knock() -> object:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            via = silent.getsockname()
            target = parse_target("ws://api.example:80", "/v1")
            return await connect(target, [], Ear(), limit_s=0.05, via=via, tunnel=True)

    fault = asyncio.run(knock())
    assert isinstance(fault, Fault)
    assert (fault.party, fault.phase) == (Party.NETWORK, Phase.CONNECT)
    assert fault.code == "no_proxy"
    assert fault.detail.endswith(": no answer within 0.05 s")


def test_a_proxy_where_nobody_listens_is_told_from_a_target_where_nobody_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()
    target = parse_target("ws://api.example:80", "/v1")

    async def knock(tunnel: bool) -> object:
        return await connect(target, [], Ear(), limit_s=10, via=nobody, tunnel=tunnel)

    for tunnel, code in ((True, "no_proxy"), (False, "ConnectionRefusedError")):
        fault = asyncio.run(knock(tunnel))
        assert isinstance(fault, Fault)
        assert (fault.party, fault.code) == (Party.NETWORK, code)


def test_an_answer_that_is_no_tls_is_not_a_matter_of_certificates() -> None:
    async def knock() -> object:
        async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await connect(
                parse_target(f"wss://127.0.0.1:{port}", "/"), [], Ear(), limit_s=10
            )

    fault = asyncio.run(knock())
    assert isinstance(fault, Fault)
    assert (fault.party, fault.code) == (Party.THEIRS, "no_tls")
    assert "wants ws" in fault.detail


def test_who_closes_while_tls_is_opened_is_a_fault_of_the_way_there() -> None:
    async def knock() -> object:
        async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with await asyncio.start_server(leave, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await connect(
                parse_target(f"wss://127.0.0.1:{port}", "/"), [], Ear(), limit_s=10
            )

    fault = asyncio.run(knock())
    assert isinstance(fault, Fault)
    assert (fault.party, fault.phase, fault.code) == (
        *(Party.NETWORK, Phase.CONNECT),
        "ConnectionResetError",
    )


def test_where_little_is_to_be_kept_what_nobody_reads_soon_waits() -> None:
    async def fill() -> int:
        # Smaller windows than these cannot be had; what is tested is the sender's side.
        silent = socket.create_server(("127.0.0.1", 0))
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with silent:
            target = parse_target(f"ws://127.0.0.1:{silent.getsockname()[1]}", "/")
            opened = await connect(target, [], Ear(), limit_s=10, send_buffer_bytes=16_384)
            assert not isinstance(opened, Fault)
            outlet, sent = opened[0].outlet(), 0
            while not outlet.waiting and sent < 2_000_000:
                outlet.write(bytes(400))
                sent += 400
            opened[0].close()
            return sent

    assert asyncio.run(fill()) < 200_000
