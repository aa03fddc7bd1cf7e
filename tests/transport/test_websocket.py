"""The connection against the `websockets` library's own server, on real sockets."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from harness.clock import now_ns
from harness.errors import BadInput, Fault, Party, Phase
from harness.model import EXACT, BinaryMessage, StampBound
from harness.transport import Connection, connect, parse_target, ready_message, sanitised_target
from tests.transport.conftest import Ear, until

Handler = Callable[[ServerConnection], Awaitable[None]]


async def talk(
    handler: Handler,
    act: Callable[[Connection, Ear], Awaitable[None]],
    refuse: HTTPStatus | None = None,
) -> tuple[Ear, int | None, Fault | None]:
    def answer(connection: ServerConnection, request: Request) -> Response | None:
        return None if refuse is None else connection.respond(refuse, "no\n")

    async with serve(handler, "127.0.0.1", 0, process_request=answer) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        target = parse_target(f"ws://127.0.0.1:{port}", "/v1/realtime?model=m")
        ear = Ear()
        made = await connect(target, [("Authorization", "Bearer k")], ear, limit_s=10)
        assert not isinstance(made, Fault)
        await act(made[0], ear)
        async with asyncio.timeout(10):
            code, fault = await ear.over
        return ear, code, fault


async def do_nothing(connection: Connection, ear: Ear) -> None:
    """Wait for the server to end it."""


def test_a_ready_message_is_the_same_for_every_session_and_arrives_whole() -> None:
    heard: list[object] = []

    async def listen(server: ServerConnection) -> None:
        assert server.request is not None
        heard.append(server.request.path)
        heard.append(server.request.headers["Authorization"])
        heard.extend([await server.recv() for _ in range(3)])

    async def act(connection: Connection, ear: Ear) -> None:
        await until(ear, lambda: ear.upgraded_ns is not None)
        message = ready_message(b"hello" * 1000)
        connection.write(message)
        connection.write(message)
        connection.write(ready_message(BinaryMessage(b"audio")))

    _, code, _ = asyncio.run(talk(listen, act))
    assert heard[:2] == ["/v1/realtime?model=m", "Bearer k"]
    assert heard[2:] == ["hello" * 1000, "hello" * 1000, b"audio"]
    assert code == 1000


def test_messages_are_stamped_and_fragments_joined() -> None:
    async def speak(server: ServerConnection) -> None:
        await server.send(["one ", "two ", "three"])
        await server.send("whole")
        await server.send([b"binary ", b"too"])
        await server.send(b"whole")

    before_ns = now_ns()
    ear, _, _ = asyncio.run(talk(speak, do_nothing))
    said = [data for data, _ in ear.messages]
    assert said == [b"one two three", b"whole", b"binary too", b"whole"]
    assert [isinstance(data, BinaryMessage) for data in said] == [False, False, True, True]
    assert all(before_ns < at_ns < now_ns() for _, at_ns in ear.messages)


def test_closing_ourselves_is_no_fault() -> None:
    async def listen(server: ServerConnection) -> None:
        async for _ in server:
            pass

    async def act(connection: Connection, ear: Ear) -> None:
        await until(ear, lambda: ear.upgraded_ns is not None)
        connection.close()
        connection.write(ready_message(b"too late"))

    _, code, fault = asyncio.run(talk(listen, act))
    assert (code, fault) == (1000, None)


@pytest.mark.parametrize("how", ["we close", "they close", "refused", "lost"])
def test_what_is_over_is_freed_without_garbage_collection(how: str) -> None:
    async def end(server: ServerConnection) -> None:
        if how == "lost":
            server.transport.abort()
        elif how == "we close":
            await server.wait_closed()

    async def act(connection: Connection, ear: Ear) -> None:
        kept.extend((weakref.ref(connection), weakref.ref(connection._core)))
        if how == "we close":
            await until(ear, lambda: ear.upgraded_ns is not None)
            kept.append(weakref.ref(connection._core))
            connection.close()

    kept: list[weakref.ref[object]] = []
    gc.collect()
    gc.disable()
    try:
        asyncio.run(talk(end, act, HTTPStatus.FORBIDDEN if how == "refused" else None))
        assert [ref() for ref in kept] == [None] * len(kept)
    finally:
        gc.enable()


def test_a_ping_tells_its_round_trip() -> None:
    async def listen(server: ServerConnection) -> None:
        async for _ in server:
            pass

    async def act(connection: Connection, ear: Ear) -> None:
        await until(ear, lambda: ear.upgraded_ns is not None)
        connection.ping()
        await until(ear, lambda: bool(ear.round_trips_ns))
        connection.close()

    before_ns = now_ns()
    ear, _, _ = asyncio.run(talk(listen, act))
    (round_trip_ns,) = ear.round_trips_ns
    assert 0 < round_trip_ns < now_ns() - before_ns


def test_a_close_of_theirs_names_code_and_reason() -> None:
    async def leave(server: ServerConnection) -> None:
        await server.close(3000, "invalid_request_error.invalid_api_key")

    _, code, fault = asyncio.run(talk(leave, do_nothing))
    assert code == 3000
    assert fault is not None
    assert (fault.party, fault.phase, fault.code) == (Party.THEIRS, Phase.CLOSE, "close_3000")
    assert "invalid_api_key" in fault.detail


def test_a_connection_that_drops_is_told_from_a_close() -> None:
    async def vanish(server: ServerConnection) -> None:
        server.transport.abort()

    _, code, fault = asyncio.run(talk(vanish, do_nothing))
    assert code is None
    assert fault is not None
    assert fault.code == "connection_lost"


def test_a_message_that_meets_a_bug_of_ours_is_not_charged_to_the_server() -> None:
    async def speak(server: ServerConnection) -> None:
        await server.send("hello")
        await server.wait_closed()

    async def act(connection: Connection, ear: Ear) -> None:
        def broken(data: bytes, at_ns: int, bound: StampBound) -> None:
            raise KeyError("nobody foresaw this")

        ear.message = broken  # type: ignore[method-assign]

    _, _, fault = asyncio.run(talk(speak, act))
    assert fault is not None
    assert (fault.party, fault.code) == (Party.OURS, "crash")
    assert "nobody foresaw this" in fault.detail


def test_a_refusal_at_the_upgrade_names_the_status() -> None:
    async def never(server: ServerConnection) -> None:
        raise AssertionError

    ear, _, fault = asyncio.run(talk(never, do_nothing, refuse=HTTPStatus.UNAUTHORIZED))
    assert ear.upgraded_ns is None
    assert fault is not None
    assert (fault.phase, fault.code) == (Phase.CONNECT, "http_401")


def test_bytes_that_are_no_websocket_cost_one_connection() -> None:
    async def garble(server: ServerConnection) -> None:
        server.transport.write(Frame(Opcode.TEXT, b"x").serialize(mask=True))
        await server.wait_closed()

    _, _, fault = asyncio.run(talk(garble, do_nothing))
    assert fault is not None
    assert fault.code == "protocol_error"


def test_an_address_without_a_path_gets_the_dialect_s() -> None:
    target = parse_target("wss://api.example", "/v1/realtime?model=m")
    assert target.resource_name == "/v1/realtime?model=m"
    assert (target.host, target.port, target.secure) == ("api.example", 443, True)
    assert parse_target("ws://h:1/own?x=1", "/p").resource_name == "/own?x=1"


def test_an_address_is_shown_without_credentials_and_query() -> None:
    target = parse_target("wss://user:secret@api.example/v1?key=secret", "/")
    assert sanitised_target(target) == "wss://api.example:443/v1"


@pytest.mark.parametrize(
    "address",
    [
        "http://x",
        "127.0.0.1:80",
        "",
        "ws://",
        "ws://h:99999",
        "ws://[::1",
        "ws://h:1\\x",
        "ws://h:p",
    ],
)
def test_what_is_no_websocket_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="not a WebSocket address"):
        parse_target(address, "/")


@pytest.mark.parametrize("address", ["http://u:secret@h", "ws://u:secret@[::1", "ws://u:secret@h"])
def test_a_refused_address_is_shown_without_its_credentials(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_target(f"{address}/a b", "/")
    assert "secret" not in str(refused.value)


def test_an_address_of_numbers_is_shown_as_it_is_written() -> None:
    assert sanitised_target(parse_target("ws://[::1]:81/v1", "/")) == "ws://[::1]:81/v1"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n" + b'{"detail":"full"}', "http_429", "full"),
        (
            b"HTTP/1.1 500 Oops\r\nContent-Length: 900000\r\n\r\n" + b"word " * 180_000,
            "http_500",
            "word word",
        ),
        (b"HTTP/1.0 403 No\r\nContent-Length: 4\r\n\r\nnope", "http_403", "nope"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no_upgrade", "SSH-2.0"),
    ],
)
def test_a_refusal_keeps_its_status_and_its_words(answer: bytes, code: str, words: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()
        writer.close()

    async def knock() -> Fault | None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            ear = Ear()
            made = await connect(parse_target(f"ws://127.0.0.1:{port}", "/"), [], ear, limit_s=10)
            assert not isinstance(made, Fault)
            async with asyncio.timeout(10):
                return (await ear.over)[1]

    fault = asyncio.run(knock())
    assert fault is not None
    assert (fault.party, fault.phase, fault.code) == (Party.THEIRS, Phase.CONNECT, code)
    assert words in fault.detail


class Wire:
    """A stream that keeps what is written."""

    fileno, waiting = -1, 0

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def keep(self, data: bytes) -> None:
        self.written += data

    def write_eof(self) -> None:
        """Nothing is closed here."""

    def close(self) -> None:
        """Nothing is closed here."""

    def abort(self) -> None:
        """Nothing is closed here."""


class Messages:
    """A receiver that keeps what it is given."""

    def __init__(self) -> None:
        self.came: list[tuple[bytes, int, StampBound]] = []

    def upgraded(self, at_ns: int) -> None:
        """It always is."""

    def message(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        self.came.append((data, at_ns, bound))

    def pong(self, round_trip_ns: int) -> None:
        """Nobody pings."""

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        raise AssertionError


def opened(receiver: Messages) -> Connection:
    connection, wire, server = Connection(parse_target("ws://x", "/"), [], receiver), Wire(), None
    connection.begin(wire)
    server = ServerProtocol()
    server.receive_data(wire.written)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    connection.received(b"".join(server.data_to_send()), 1, 0, EXACT)
    return connection


@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=6),
    st.lists(st.integers(0, 2_000), max_size=6),
    st.sampled_from([EXACT, StampBound(0, 25), StampBound(30, 0)]),
)
def test_a_message_is_exact_only_where_its_end_is_that_of_a_read(
    sent: list[bytes], cuts: list[int], last: StampBound
) -> None:
    receiver = Messages()
    connection = opened(receiver)
    wire = [Frame(Opcode.TEXT, data).serialize(mask=False) for data in sent]
    ends = [sum(map(len, wire[: index + 1])) for index in range(len(wire))]
    stream = b"".join(wire)
    places = sorted({0, len(stream), *(place % (len(stream) + 1) for place in cuts)})

    for number, (begin, end) in enumerate(pairwise(places), 1):
        connection.received(stream[begin:end], number * 100, number * 100 - 30, last)

    expected = []
    for data, end in zip(sent, ends, strict=True):
        number = next(number for number, place in enumerate(places[1:], 1) if place >= end)
        exact = places[number] == end or last != EXACT
        expected.append((data, number * 100, last if exact else StampBound(30, 0)))
    assert receiver.came == expected
