"""One WebSocket connection over a stamped stream, around the sans-I/O core of `websockets`.

Every message has the stamp of its last byte. Messages are written as complete frames that were
encoded ahead of time (`ready_message`), so sending one costs one write.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Protocol as Core
from websockets.protocol import Side, State
from websockets.uri import WebSocketURI, parse_uri

from harness.clock import now_ns
from harness.errors import BadInput, Fault, Party, Phase, sanitised
from harness.model import BinaryMessage, StampBound
from harness.transport.http_answer import HttpAnswer, is_refusal, no_http
from harness.transport.slicing import Slicer
from harness.transport.stream import Outlet, Stream

# An address taken apart: scheme, host, port, path, query, and credentials if it names any.
Target = WebSocketURI

# The largest message the API allows a client to send is 15 MiB; nothing larger is believed.
_MESSAGE_LIMIT_BYTES = 16 * 2**20
_HEAD_LIMIT_BYTES = 16_384
_CLOSE_LIMIT_S = 2.0
# For the body of a refused upgrade to come.
_REFUSAL_LIMIT_S = 2.0


class Receiver(Protocol):
    """Receives what happens on the connection. All instants are monotonic nanoseconds."""

    def upgraded(self, at_ns: int) -> None:
        """The server accepted the upgrade. It may still refuse the session."""

    def message(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        """A whole message arrived: at `at_ns`, or earlier by no more than `bound`."""

    def pong(self, round_trip_ns: int) -> None:
        """A ping came back."""

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        """The connection is over, reported exactly once; `fault` is `None` after `close`."""


def ready_message(data: bytes) -> bytes:
    """Return a complete masked frame, to be written as it is, by any number of sessions.

    A mask key that is chosen once protects as well as a fresh one here: its purpose is to keep a
    browser's script from choosing bytes on the wire (RFC 6455 section 10.3).
    """
    opcode = Opcode.BINARY if isinstance(data, BinaryMessage) else Opcode.TEXT
    return Frame(opcode, data).serialize(mask=True)


_CREDENTIALS = re.compile(r"//.*@")
# What would end the request line, or a part of it.
_NOT_IN_REQUEST = re.compile(r"[\x00-\x20\x7f]")


def parse_target(address: str, default_path: str) -> Target:
    """Return the parsed address; one without a path gets `default_path`.

    Raises:
        BadInput: It is not a `ws://` or `wss://` address.
    """
    # Neither credentials nor a query are shown.
    where = sanitised(_CREDENTIALS.sub("//", address.split("?", maxsplit=1)[0]))
    hint = "Use ws://HOST:PORT or wss://HOST."
    try:
        uri = parse_uri(address)
    except InvalidURI as error:
        raise BadInput("not a WebSocket address", where=where, hint=hint) from error
    except ValueError as error:
        # The library lets through what the parser beneath it says of ports and brackets.
        words = f"not a WebSocket address: {_CREDENTIALS.sub('//', str(error))}"
        raise BadInput(words, where=where, hint=hint) from error
    if _NOT_IN_REQUEST.search(uri.resource_name):
        hint = "Write it in percent notation, a space as %20"
        raise BadInput("holds a character that no address can have", where=where, hint=hint)
    if uri.path in ("", "/") and not uri.query:
        path, _, query = default_path.partition("?")
        return Target(uri.secure, uri.host, uri.port, path, query)
    return uri


def sanitised_target(target: Target) -> str:
    """Return the address without credentials and query, for manifests and messages."""
    scheme = "wss" if target.secure else "ws"
    host = f"[{target.host}]" if ":" in target.host else target.host
    return sanitised(f"{scheme}://{host}:{target.port}{target.path}")


class Connection:
    """One connection; make it with `connect`. It is the sink of its stream.

    Args:
        uri: Where to, as the server is to see it.
        headers: Extra headers of the upgrade request.
        receiver: Receives what happens.
    """

    def __init__(self, uri: Target, headers: Sequence[tuple[str, str]], receiver: Receiver) -> None:
        self._receiver = receiver
        self._upgrade: ClientProtocol | None = ClientProtocol(uri, max_size=_MESSAGE_LIMIT_BYTES)
        self._core: Core = self._upgrade
        self._headers = headers
        self._stream: Stream | None = None
        self._parts: list[bytes] = []
        # What a message in fragments is, by its first one.
        self._kind: type[bytes] = bytes
        self._slicer: Slicer | None = None
        self._closing = self._await_server = False
        self._over = False
        self._refused: HttpAnswer | None = None

    def begin(self, stream: Stream) -> None:
        """Send the upgrade request over `stream`, the secured one where there is TLS."""
        self._stream = stream
        assert self._upgrade is not None
        request = self._upgrade.connect()
        for name, value in self._headers:
            request.headers[name] = value
        self._upgrade.send_request(request)
        self._flush()

    def received(self, data: bytes, at_ns: int, since_ns: int, last: StampBound) -> None:
        """See `Sink`: cut messages out of the stream."""
        slicer = self._slicer
        if slicer is None:
            slicer, data = self._shake_hands(data, at_ns, last)
            if slicer is None or not data:
                return
        pieces, whole = slicer.feed(data)
        ends_last = len(pieces) - 1 if whole else -1
        for index, (is_message, piece) in enumerate(pieces):
            bound = last
            if index != ends_last and not any(last):
                bound = StampBound(at_ns - since_ns, 0)
            if not is_message:
                self._to_core(piece, at_ns, bound)
            elif self._core.state is State.OPEN:
                self._receiver.message(piece, at_ns, bound)

    def ended(self, error: Exception | None) -> None:
        """See `Sink`: report the end to the receiver, once."""
        if self._over:
            return
        self._over = True
        if self._core.state is not State.CLOSED:
            self._core.receive_eof()
        received = self._core.close_rcvd
        code = received.code if received is not None else None
        fault = self._why(error, code)
        self._stream = None
        _free(self._core)
        self._receiver.gone(now_ns(), code, fault)

    def write(self, message: bytes) -> None:
        """Write a ready message; silently nothing once the connection is going down."""
        if self._stream is not None and not self._closing:
            self._stream.write(message)

    def outlet(self) -> Outlet:
        """Return what writes a ready message at once, for many of them.

        Unlike `write` it does not look whether the connection is going down: nothing may be
        written with it after `close` or `Receiver.gone`.
        """
        assert self._stream is not None
        return self._stream

    def sender(self) -> Callable[[bytes], None]:
        """Return `write` of the `outlet`."""
        return self.outlet().write

    def ping(self) -> None:
        """Send a ping that carries its own time; `Receiver.pong` hears of its return."""
        if self._core.state is State.OPEN and not self._closing:
            self._core.send_ping(now_ns().to_bytes(8, "big"))
            self._flush()

    def close(self, *, await_server: bool = False) -> None:
        """Say goodbye and close, within two seconds whatever the server does.

        Args:
            await_server: Leave closing the TCP connection to the server, as RFC 6455 section 7.1.1
                asks clients to: it has then done with the session.
        """
        if self._closing or self._stream is None:
            return
        self._closing, self._await_server = True, await_server
        if self._core.state is State.OPEN:
            self._core.send_close(1000)
            self._flush()
            asyncio.get_running_loop().call_later(_CLOSE_LIMIT_S, self._stream.abort)
        else:
            self._stream.abort()

    def _shake_hands(
        self, data: bytes, at_ns: int, bound: StampBound
    ) -> tuple[Slicer | None, bytes]:
        """Give the core the head of the answer to the upgrade.

        Returns:
            What cuts the messages that follow, `None` until the upgrade is accepted, and the bytes
            after the head.
        """
        if self._refused is not None:
            self._read_refusal(data)
            return None, b""
        self._parts.append(data)
        head, end, after = b"".join(self._parts).partition(b"\r\n\r\n")
        if not end and len(head) <= _HEAD_LIMIT_BYTES:
            return None, b""
        if is_refusal(head):
            self._refused = HttpAnswer(head)
            asyncio.get_running_loop().call_later(_REFUSAL_LIMIT_S, self._hang_up)
            self._read_refusal(after)
            return None, b""
        self._to_core(head + end, at_ns, bound)
        if self._core.state is State.OPEN:
            self._parts.clear()
            self._slicer = Slicer(_MESSAGE_LIMIT_BYTES)
            # The first core keeps both heads of the upgrade, 2 kB for as long as the session lasts.
            _free(self._core)
            self._upgrade = None
            self._core = Core(Side.CLIENT, state=State.OPEN, max_size=_MESSAGE_LIMIT_BYTES)
        return self._slicer, after

    def _read_refusal(self, data: bytes) -> None:
        """Read why the upgrade was refused."""
        assert self._refused is not None
        self._refused.feed(data)
        if self._refused.complete:
            self._hang_up()

    def _to_core(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        core = self._core
        core.receive_data(data)
        for event in core.events_received():
            if isinstance(event, Frame):
                self._take(event, at_ns, bound)
            elif isinstance(event, Response):
                self._answered(at_ns)
        self._flush()
        ended = core.close_rcvd is not None and not self._await_server
        if ended or core.parser_exc or self._upgrade_error is not None:
            self._hang_up()

    def _take(self, frame: Frame, at_ns: int, bound: StampBound) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.CONT | Opcode.BINARY if not frame.fin:
                if frame.opcode is not Opcode.CONT:
                    self._kind = BinaryMessage if frame.opcode is Opcode.BINARY else bytes
                self._parts.append(bytes(frame.data))
            case Opcode.TEXT:
                self._receiver.message(bytes(frame.data), at_ns, bound)
            case Opcode.BINARY:
                self._receiver.message(BinaryMessage(frame.data), at_ns, bound)
            case Opcode.PONG if len(frame.data) == 8:
                self._receiver.pong(at_ns - int.from_bytes(frame.data, "big"))
            case Opcode.CONT:
                whole = self._kind(b"".join((*self._parts, bytes(frame.data))))
                self._parts.clear()
                self._receiver.message(whole, at_ns, bound)

    @property
    def _upgrade_error(self) -> Exception | None:
        """Why the upgrade failed, `None` while it has not."""
        return None if self._upgrade is None else self._upgrade.handshake_exc

    def _answered(self, at_ns: int) -> None:
        if self._upgrade_error is None:
            self._receiver.upgraded(at_ns)

    def _why(self, exc: Exception | None, code: int | None) -> Fault | None:
        if exc is not None and not isinstance(exc, OSError | EOFError):
            # What arrived met a bug of ours: the server did nothing wrong.
            words = sanitised(f"{type(exc).__name__}: {exc}")
            return Fault(Party.OURS, Phase.CLOSE, "crash", words)
        if self._refused is not None:
            return self._refused.fault()
        answer = b"".join(self._parts) if self._slicer is None else b""
        if self._upgrade_error is not None and not answer.startswith(b"HTTP/"):
            return no_http(answer)
        if isinstance(self._upgrade_error, InvalidHandshake | EOFError):
            words = sanitised(self._upgrade_error)
            return Fault(Party.THEIRS, Phase.CONNECT, "no_upgrade", words)
        if self._closing and self._core.close_sent is not None and self._core.parser_exc is None:
            return None
        if code is not None:
            reason = self._core.close_rcvd.reason if self._core.close_rcvd is not None else ""
            return Fault(Party.THEIRS, Phase.CLOSE, f"close_{code}", reason)
        # The core keeps an end of the stream as an EOFError; anything else is their protocol.
        if not isinstance(self._core.parser_exc, EOFError | None):
            words = sanitised(self._core.parser_exc)
            return Fault(Party.THEIRS, Phase.RESPONSE, "protocol_error", words)
        return Fault(Party.UNKNOWN, Phase.CLOSE, "connection_lost", sanitised(exc or "no close"))

    def _flush(self) -> None:
        stream = self._stream
        if stream is None:
            return
        for data in self._core.data_to_send():
            if data:
                stream.write(data)
            else:
                stream.write_eof()

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _free(core: Core) -> None:
    """Break the reference cycles of a core that is not used any more.

    It holds its parser, a generator that holds the core; so does the traceback of an exception. And
    what lives as long as a call is not looked at by garbage collection again, see `tune_process`.
    """
    core.parser.close()
    core.parser_exc = None
    if isinstance(core, ClientProtocol):
        core.handshake_exc = None
