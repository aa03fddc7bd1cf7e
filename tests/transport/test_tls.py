"""TLS over a stream that tests cut as they like, against a server's session in memory."""

import asyncio
import ssl
from contextlib import suppress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve

from harness.model import EXACT, StampBound
from harness.transport import connect, parse_target, ready_message
from harness.transport.tls import TlsSession, TlsStream
from tests.transport.conftest import Ear, TlsServer


class Wire:
    """What is below a TLS stream: keeps what is written, and is fed by the test."""

    def __init__(self) -> None:
        self.fileno, self.waiting = 7, 0
        self.written = b""
        self.closed = False
        self.error: Exception | None = None
        self.sink: TlsStream

    def start(self, sink: TlsStream) -> None:
        self.sink = sink

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def fail(self, error: Exception) -> None:
        self.error = error


class Plain:
    """A sink that keeps what it received."""

    def __init__(self) -> None:
        self.pieces: list[tuple[bytes, int, int, StampBound]] = []

    def received(self, data: bytes, at_ns: int, since_ns: int, last: StampBound) -> None:
        self.pieces.append((data, at_ns, since_ns, last))

    def ended(self, error: Exception | None) -> None:
        raise AssertionError


class Meeting:
    """A TLS stream and a server's session, after the handshake."""

    def __init__(self, made: TlsServer) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = made.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        context = ssl.create_default_context(cafile=made.authority)
        session = TlsSession(context, "localhost")
        done = [False, False]
        while not all(done):
            for index, (side, out, other) in enumerate(
                (
                    (session.tls, session.outgoing, self.incoming),
                    (self.server, self.outgoing, session.incoming),
                )
            ):
                try:
                    side.do_handshake()
                    done[index] = True
                except ssl.SSLWantReadError:
                    pass
                other.write(out.read())
        self.wire, self.plain = Wire(), Plain()
        self.stream = TlsStream(self.wire, session)  # type: ignore[arg-type]
        self.stream.start(self.plain)

    def record(self, data: bytes) -> bytes:
        """Return a server's record."""
        self.server.write(data)
        return self.outgoing.read()


@given(
    st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6),
    st.lists(st.integers(0, 10_000), max_size=6),
)
def test_every_record_has_the_stamp_of_the_read_with_its_end(
    tls_server: TlsServer, sent: list[bytes], cuts: list[int]
) -> None:
    meeting = Meeting(tls_server)
    wire = [meeting.record(data) for data in sent]
    ends = [sum(map(len, wire[: index + 1])) for index in range(len(wire))]
    stream = b"".join(wire)
    places = sorted({0, len(stream), *(place % (len(stream) + 1) for place in cuts)})

    for number, (begin, end) in enumerate(pairwise(places), 1):
        meeting.stream.received(stream[begin:end], number * 100, number * 100 - 30, EXACT)

    expected = []
    for data, end in zip(sent, ends, strict=True):
        number = next(number for number, place in enumerate(places[1:], 1) if place >= end)
        bound = EXACT if places[number] == end else StampBound(30, 0)
        expected.append((data, number * 100, number * 100 - 30, bound))
    assert meeting.plain.pieces == expected


def test_a_bound_that_is_known_to_be_worse_stays(tls_server: TlsServer) -> None:
    meeting, by_loop = Meeting(tls_server), StampBound(0, 25)
    both = meeting.record(b"one") + meeting.record(b"two")
    meeting.stream.received(both, 100, 70, by_loop)
    assert [bound for *_, bound in meeting.plain.pieces] == [by_loop, by_loop]


def test_what_is_written_reaches_the_other_side_and_so_does_the_goodbye(
    tls_server: TlsServer,
) -> None:
    meeting = Meeting(tls_server)
    meeting.stream.write(b"hello")
    meeting.stream.keep(b" there")
    meeting.stream.close()
    meeting.stream.write(b"too late")
    meeting.incoming.write(meeting.wire.written)
    heard = meeting.server.read(5) + meeting.server.read(100)
    assert heard == b"hello there"
    assert meeting.wire.closed
    assert meeting.server.read(1) == b""


def test_a_goodbye_of_theirs_closes(tls_server: TlsServer) -> None:
    meeting = Meeting(tls_server)
    last = meeting.record(b"last")
    with suppress(ssl.SSLWantReadError):
        meeting.server.unwrap()
    meeting.stream.received(last + meeting.outgoing.read(), 100, 70, EXACT)
    assert [data for data, *_ in meeting.plain.pieces] == [b"last"]
    assert meeting.wire.closed


def test_a_record_that_is_forged_ends_it(tls_server: TlsServer) -> None:
    meeting = Meeting(tls_server)
    record = bytearray(meeting.record(b"forged"))
    record[-1] ^= 1
    meeting.stream.received(bytes(record), 100, 70, EXACT)
    assert meeting.plain.pieces == []
    assert isinstance(meeting.wire.error, ssl.SSLError)


def test_long_messages_cross_a_real_connection_whole(tls_server: TlsServer) -> None:
    async def echo(server: ServerConnection) -> None:
        async for message in server:
            await server.send(message)

    async def meet() -> Ear:
        async with serve(echo, "127.0.0.1", 0, ssl=tls_server.context, max_size=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            tls, ear = ssl.create_default_context(cafile=tls_server.authority), Ear()
            target = parse_target(f"wss://localhost:{port}", "/")
            made = await connect(target, [], ear, limit_s=10, via=("127.0.0.1", port), tls=tls)
            assert isinstance(made, tuple)
            connection, _ = made
            async with asyncio.timeout(10):
                while ear.upgraded_ns is None:
                    ear.arrived.clear()
                    await ear.arrived.wait()
                for _ in range(5):
                    connection.write(ready_message(b"long " * 100_000))
                while len(ear.messages) < 5:
                    ear.arrived.clear()
                    await ear.arrived.wait()
                connection.close()
                await ear.over
        return ear

    assert [data for data, _ in asyncio.run(meet()).messages] == [b"long " * 100_000] * 5
