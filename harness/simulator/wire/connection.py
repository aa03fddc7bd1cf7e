"""One connection: bytes to whole messages and back, the handshake, pings and the end.

An `asyncio.Protocol` around the sans-I/O core of `websockets`: no task and no queue for a
connection. What goes wrong in one ends that one.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from harness.clock import now_ns
from harness.errors import sanitised
from harness.model import NS_PER_S
from harness.simulator.protocol.session import refusal_event
from harness.simulator.protocol.session_limits import Link, ServedSession
from harness.simulator.timing.deadlines import Deadline, Deadlines
from harness.simulator.wire import plain_http
from harness.simulator.wire.framing import Frames
from harness.simulator.wire.stamped_listener import StampedTransport
from harness.simulator.wire.upgrade import (
    SUBPROTOCOL,
    Admitted,
    RefusedByClose,
    RefusedByHttp,
    UpgradeDecision,
    presented_key,
)

# An append may hold 15 MiB; its base64 and envelope make more of it.
_LARGEST_MESSAGE = 21 * 2**20
# What is asked over plain HTTP; any other request is to ask for an upgrade.
_PLAIN = (b"POST ", b"DELETE ", b"GET /call/")
_HEAD_END = b"\r\n\r\n"
_LARGEST_HEAD = 64 * 1024
# A client with this much unsent data has stopped reading.
MOST_UNREAD_BYTES = 8 * 2**20
# How long a client may take for the handshake, and to answer a close.
_PATIENCE_NS = 10 * NS_PER_S


class ServerPort(Protocol):
    """The server as its connections see it."""

    deadlines: Deadlines
    ping_interval_ns: int

    def examine(self, request: Request) -> UpgradeDecision:
        """Decide on a request for a session."""

    def answer(self, request: plain_http.Request) -> bytes:
        """Answer a request that asks for no upgrade."""

    def new_session(self, link: Link, admitted: Admitted) -> ServedSession:
        """Make a session for a client that was let in."""

    def entered(self, connection: "Connection") -> None:
        """Note a new connection."""

    def left(self, connection: "Connection") -> None:
        """Note that one is gone."""


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        server: The server it belongs to.
    """

    def __init__(self, server: ServerPort) -> None:
        self._server, self._deadlines = server, server.deadlines
        self._core = ServerProtocol(
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            select_subprotocol=_select_subprotocol,
            max_size=_LARGEST_MESSAGE,
        )
        self._head: bytes | None = b""
        self._frames = Frames(_LARGEST_MESSAGE)
        self._transport: asyncio.Transport
        self._session: ServedSession | None = None
        self._heard_by: ServedSession | None = (
            None  # the session, for as long as the connection is open
        )
        self._fragments: list[bytes] = []
        self._text = True
        self._gone = False
        self._timer: Deadline | None = None

    # -- from the loop --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MOST_UNREAD_BYTES)
        self._server.entered(self)
        self._timer = self.at(now_ns() + _PATIENCE_NS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take bytes, stamped before anything else is done with them."""
        self.received(data, now_ns())

    def received(self, data: bytes, received_ns: int) -> None:
        """Take bytes that arrived at a known instant."""
        if self._deadlines.next_ns <= now_ns():
            self._deadlines.fire()  # what is due does not wait for the data queued on sockets
        if self._gone:
            return
        try:
            session = self._heard_by
            text = self._frames.single(data) if session is not None else None
            if session is None or text is None:
                self._take(data, received_ns)
            else:
                session.receive(text, received_ns)
        except Exception as error:
            self._crashed(error)

    def eof_received(self) -> bool:
        """Take the end of the client's stream; the transport closes itself."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session that was carried."""
        self._gone = True
        self._server.left(self)
        if self._timer is not None:
            self._timer.cancel()
        self._heard_by = None
        session, self._session = self._session, None
        if session is not None:
            session.end()

    def pause_writing(self) -> None:
        """Give up a client that has stopped reading."""
        self._transport.abort()

    # -- the link of a session ------------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """Send one text message; nothing once a close has been sent."""
        if self._core.state is State.OPEN:
            self._core.send_text(message)
            self._flush()

    def send_binary(self, message: bytes) -> None:
        """Send one binary message; nothing once a close has been sent."""
        if self._core.state is State.OPEN:
            self._core.send_binary(message)
            self._flush()

    def close(self, code: int, reason: str) -> None:
        """Send a close; the connection ends when the client answers it, or after a while."""
        if self._core.state is State.OPEN:
            self._core.send_close(code, reason)
            self._flush()
            self.at(now_ns() + _PATIENCE_NS, self._transport.abort)

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Call back at an instant, unless the connection is gone by then."""
        return self._deadlines.at(due_ns, lambda: self._guard(callback))

    def reset(self) -> None:
        """End it with a TCP reset."""
        if isinstance(self._transport, StampedTransport):
            self._transport.reset()
            return
        self._leave_no_goodbye()
        self._transport.abort()

    def die_in_mid_frame(self) -> None:
        """Send the head of a long frame and half of what it promises, then end it."""
        if self._core.state is State.OPEN:
            self._transport.write(b"\x81\x7e\x04\x00" + b'{"type":"response.' + b" " * 512)
        self._transport.close()

    def stop_reading(self, duration_ns: int) -> None:
        """Read nothing for so long: what the client sends piles up on its side."""
        if self._transport.is_reading():
            self._transport.pause_reading()
            self.at(now_ns() + duration_ns, self._transport.resume_reading)

    # -- inside ---------------------------------------------------------------------------------

    def _guard(self, step: Callable[[], None]) -> None:
        """Do one step; an exception ends this connection and no other."""
        if self._gone:
            return
        try:
            step()
        except Exception as error:
            self._crashed(error)

    def _crashed(self, error: Exception) -> None:
        words = sanitised(f"{type(error).__name__}: {error}")
        print(f"harness: a session failed: {words}", file=sys.stderr)
        if self._core.state is State.OPEN:
            self.close(1011, "internal error")
        else:
            self._transport.abort()
        self._heard_by = None
        session, self._session = self._session, None
        if session is not None:
            session.end()

    def _take(self, data: bytes, received_ns: int) -> None:
        """Take bytes apart: the handshake and rare frames by the core, plain frames directly."""
        if self._head is not None:
            data = self._take_head(self._head + data, received_ns)
        for piece, is_text in self._frames.feed(data):
            if not is_text:
                self._feed_core(piece, received_ns)
            elif self._core.state is State.OPEN and self._session is not None:
                self._session.receive(piece, received_ns)

    def _take_head(self, data: bytes, received_ns: int) -> bytes:
        """Take the request's head once it is whole, and return what follows it."""
        if data.startswith(_PLAIN):
            self._take_post(data)
            return b""
        end = data.find(_HEAD_END) + len(_HEAD_END)
        if end < len(_HEAD_END) and len(data) < _LARGEST_HEAD:
            self._head = data
            return b""
        self._head = None
        end = end if end >= len(_HEAD_END) else len(data)
        self._feed_core(data[:end], received_ns)
        return data[end:]

    def _take_post(self, data: bytes) -> None:
        """Answer a plain request once it is whole, and hang up."""
        self._head = data
        head, end, body = data.partition(_HEAD_END)
        if len(data) > 2 * _LARGEST_HEAD:
            self._transport.abort()
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = Headers()
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip()] = value.strip()
        length = headers.get("Content-Length", "0")
        wanted = int(length) if length.isdecimal() else _LARGEST_HEAD
        if wanted >= _LARGEST_HEAD:
            self._transport.abort()
        elif len(body) >= wanted:
            method, path, *_ = lines[0].split(" ")
            request = plain_http.Request(
                method,
                path.partition("?")[0],
                presented_key(headers),
                body[:wanted],
                headers.get("Host", ""),
            )
            self._transport.write(self._server.answer(request))
            self._transport.close()

    def _feed_core(self, data: bytes, received_ns: int) -> None:
        self._core.receive_data(data)
        for event in self._core.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._frame(event, received_ns)
        self._flush()

    def _frame(self, frame: Frame, received_ns: int) -> None:
        """Put a message together and hand it on."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT) or not self._session:
            return
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
        message = bytes(frame.data)
        if not frame.fin or self._fragments:
            self._fragments.append(message)
            if not frame.fin:
                return
            message = b"".join(self._fragments)
            self._fragments.clear()
        if self._core.state is not State.OPEN:
            return
        if self._text:
            self._session.receive(message, received_ns)
        else:
            self._session.receive_binary(message, received_ns)

    def _leave_no_goodbye(self) -> None:
        """Have the kernel end the connection with a reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _shake_hands(self, request: Request) -> None:
        if self._timer is not None:
            self._timer.cancel()
        verdict = self._server.examine(request)
        if isinstance(verdict, RefusedByHttp):
            self._core.send_response(self._core.reject(verdict.status, verdict.text))
            return
        response = self._core.accept(request)
        self._core.send_response(response)
        if response.status_code != 101:
            return
        if isinstance(verdict, RefusedByClose):
            self._turn_away(verdict)
        else:
            self._let_in(verdict)

    def _let_in(self, verdict: Admitted) -> None:
        self._session = self._heard_by = self._server.new_session(self, verdict)
        self._session.open()
        self._timer = self.at(now_ns() + self._server.ping_interval_ns, self._ping)

    def _turn_away(self, verdict: RefusedByClose) -> None:
        self.send(refusal_event(verdict.code, verdict.message))
        self.close(verdict.close_code, verdict.reason)

    def _ping(self) -> None:
        if self._core.state is State.OPEN:
            self._core.send_ping(b"")
            self._flush()
            self._timer = self.at(now_ns() + self._server.ping_interval_ns, self._ping)

    def _flush(self) -> None:
        """Write what the core has ready; an empty piece means the end."""
        if self._core.state is not State.OPEN:
            self._heard_by = None
        for piece in self._core.data_to_send():
            if piece:
                self._transport.write(piece)
            else:
                self._transport.close()


def _select_subprotocol(
    _core: ServerProtocol, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Select `realtime` among whatever a browser offers; anything else is let pass unselected."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None
