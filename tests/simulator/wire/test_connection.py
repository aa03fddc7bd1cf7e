"""A connection driven by hand: no socket, bytes in and bytes out."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.frames import Frame, Opcode

from harness.clock import now_ns
from harness.simulator import Simulator, SimulatorConfig
from harness.simulator.protocol.session import Session
from harness.simulator.wire.connection import Connection

_UPGRADE = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


def _message(**event: Any) -> bytes:
    """Return a frame of more than 125 bytes, as those with audio are."""
    return Frame(Opcode.TEXT, json.dumps(event).encode().ljust(200)).serialize(mask=True)


def _with_connection(talk: Callable[[Simulator, Connection, _Transport], None]) -> None:
    async def run() -> None:
        simulator = Simulator(SimulatorConfig(responses=1))
        await simulator.start()
        connection, transport = Connection(simulator), _Transport()
        connection.connection_made(transport)
        connection.data_received(_UPGRADE)
        assert b'"session.created"' in transport.written
        transport.written = b""
        talk(simulator, connection, transport)
        connection.connection_lost(None)
        await simulator.stop()

    asyncio.run(run())


def test_what_is_due_goes_out_before_what_has_piled_up_is_heard() -> None:
    def talk(simulator: Simulator, connection: Connection, transport: _Transport) -> None:
        order: list[bytes] = []
        simulator.deadlines.at(now_ns(), lambda: order.append(transport.written))
        connection.data_received(_message(type="input_audio_buffer.clear"))
        assert order == [b""]
        assert b"input_audio_buffer.cleared" in transport.written

    _with_connection(talk)


def test_nothing_is_heard_any_more_once_the_server_has_closed() -> None:
    def talk(_simulator: Simulator, connection: Connection, transport: _Transport) -> None:
        connection.close(1001, "going away")
        transport.written = b""
        session = connection._session
        assert isinstance(session, Session)
        before = session._listening.received_ms
        audio = "AAAA" * 320
        connection.data_received(_message(type="input_audio_buffer.append", audio=audio))
        assert session._listening.received_ms == before
        assert transport.written == b""

    _with_connection(talk)


def test_frames_are_heard_whether_they_come_alone_together_or_in_pieces() -> None:
    def talk(_simulator: Simulator, connection: Connection, _transport: _Transport) -> None:
        frame = _message(type="input_audio_buffer.append", audio="AAAA" * 320)
        session = connection._session
        assert isinstance(session, Session)
        for data in (frame, frame * 2, frame + frame[:7], frame[7:] + frame[:90], frame[90:]):
            connection.data_received(data)
        assert session._listening.received_ms == 6 * 20

    _with_connection(talk)
