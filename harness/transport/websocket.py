"""One WebSocket connection on an asyncio loop, around the sans-I/O core of `websockets`.

Every read is stamped before anything else is done with it. Messages are written as complete
frames that were encoded ahead of time (`ready_message`), so sending one costs one write.
"""

import asyncio
import errno
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from harness.clock import now_ns
from harness.errors import BadInput, Fault, Party, Phase, sanitised
from harness.transport.refused_upgrade import RefusedUpgrade, is_refusal, no_http
from harness.transport.slicing import Slicer

# An address taken apart: scheme, host, port, path, query, and credentials if it names any.
Target = WebSocketURI

# The largest message the API allows a client to send is 15 MiB; nothing larger is believed.
_MESSAGE_LIMIT_BYTES = 16 * 2**20
_HEAD_LIMIT_BYTES = 16_384
_CONNECT_LIMIT_S = 20.0
_CLOSE_LIMIT_S = 2.0
# For the body of a refused upgrade to come.
_REFUSAL_LIMIT_S = 2.0


class Receiver(Protocol):
    """Receives what happens on the connection. All instants are monotonic nanoseconds."""

    def upgraded(self, at_ns: int) -> None:
        """The server accepted the upgrade. It may still refuse the session."""

    def message(self, data: bytes, at_ns: int) -> None:
        """A whole message arrived; its last byte was read at `at_ns`."""

    def pong(self, round_trip_ns: int) -> None:
        """A ping came back."""

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        """The connection is over, reported exactly once; `fault` is `None` after `close`."""


def ready_message(data: bytes) -> bytes:
    """Return a complete masked text frame, to be written as it is, by any number of sessions.

    A mask key that is chosen once protects as well as a fresh one here: its purpose is to keep a
    browser's script from choosing bytes on the wire (RFC 6455 section 10.3).
    """
    return Frame(Opcode.TEXT, data).serialize(mask=True)


def parse_target(address: str, default_path: str) -> Target:
    """Return the parsed address; one without a path gets `default_path`.

    Raises:
        BadInput: It is not a `ws://` or `wss://` address.
    """
    try:
        uri = parse_uri(address)
    except InvalidURI as error:
        raise BadInput(
            "not a WebSocket address",
            where=sanitised(address.split("?", maxsplit=1)[0]),
            hint="Use ws://HOST:PORT or wss://HOST.",
        ) from error
    if uri.path in ("", "/") and not uri.query:
        path, _, query = default_path.partition("?")
        return Target(uri.secure, uri.host, uri.port, path, query)
    return uri


def sanitised_target(target: Target) -> str:
    """Return the address without credentials and query, for manifests and messages."""
    scheme = "wss" if target.secure else "ws"
    return sanitised(f"{scheme}://{target.host}:{target.port}{target.path}")


class Connection(asyncio.Protocol):
    """One connection; make it with `connect`.

    Args:
        uri: Where to, as the server is to see it.
        headers: Extra headers of the upgrade request.
        receiver: Receives what happens.
    """

    def __init__(self, uri: Target, headers: Sequence[tuple[str, str]], receiver: Receiver) -> None:
        self._receiver = receiver
        self._core = ClientProtocol(uri, max_size=_MESSAGE_LIMIT_BYTES)
        self._headers = headers
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self._tunnel: asyncio.Future[bytes] | None = None
        self._slicer: Slicer | None = None
        self._closing = False
        self._over = False
        self._refused: RefusedUpgrade | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; `connect` says when to go on."""
        self._use(transport)

    async def tunnel(self, host: str, port: int, authorization: str) -> str | None:
        """Ask an HTTP proxy for a connection to the target; return what it said if it refused."""
        assert self._transport is not None
        self._tunnel = asyncio.get_running_loop().create_future()
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        head = f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n"
        if authorization:
            head += f"Proxy-Authorization: {authorization}\r\n"
        self._transport.write(f"{head}\r\n".encode())
        answer = await self._tunnel
        self._tunnel = None
        status = answer.partition(b"\r\n")[0].decode("latin-1")
        return None if status.split(" ")[1:2] == ["200"] else sanitised(status)

    def begin(self, transport: asyncio.BaseTransport) -> None:
        """Send the upgrade request over `transport`, the secured one where there is TLS.

        A server, or a proxy before it, that has closed by now gets none: the end of the
        connection, which the receiver is told of, says it all.
        """
        self._use(transport)
        if self._over or self._core.eof_sent:
            return
        request = self._core.connect()
        for name, value in self._headers:
            request.headers[name] = value
        self._core.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Stamp, then parse."""
        at_ns = now_ns()
        if self._tunnel is not None:
            self._parts.append(data)
            head = b"".join(self._parts)
            if b"\r\n\r\n" in head or len(head) > _HEAD_LIMIT_BYTES:
                self._parts.clear()
                self._tunnel.set_result(head)
            return
        if self._slicer is None:
            data = self._shake_hands(data, at_ns)
        if self._slicer is None or not data:
            return
        for is_message, piece in self._slicer.feed(data):
            if not is_message:
                self._to_core(piece, at_ns)
            elif self._core.state is State.OPEN:
                self._receiver.message(piece, at_ns)

    def eof_received(self) -> None:
        """Pass it to the core; the transport closes itself."""
        self._core.receive_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end to the receiver, once."""
        if self._over:
            return
        self._over = True
        if self._tunnel is not None and not self._tunnel.done():
            self._tunnel.set_result(b"HTTP/1.1 closed without an answer")
        if self._core.state is not State.CLOSED:
            self._core.receive_eof()
        received = self._core.close_rcvd
        code = received.code if received is not None else None
        self._receiver.gone(now_ns(), code, self._why(exc, code))

    def write(self, message: bytes) -> None:
        """Write a ready message; silently nothing once the connection is going down."""
        if self._transport is not None and not self._closing:
            self._transport.write(message)

    def sender(self) -> Callable[[bytes], None]:
        """Return what writes a ready message at once, for many of them.

        Unlike `write` it does not look whether the connection is going down: nothing may be
        written with it after `close` or `Receiver.gone`.
        """
        assert self._transport is not None
        return self._transport.write

    def ping(self) -> None:
        """Send a ping that carries its own time; `Receiver.pong` hears of its return."""
        if self._core.state is State.OPEN and not self._closing:
            self._core.send_ping(now_ns().to_bytes(8, "big"))
            self._flush()

    def close(self) -> None:
        """Say goodbye and close, within two seconds whatever the server does."""
        if self._closing or self._transport is None:
            return
        self._closing = True
        if self._core.state is State.OPEN:
            self._core.send_close(1000)
            self._flush()
            asyncio.get_running_loop().call_later(_CLOSE_LIMIT_S, self._hang_up)
        else:
            self._transport.abort()

    def mute(self) -> None:
        """Give up before the upgrade without reporting it: `connect` returns the fault itself."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    def _use(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods without deriving from its classes.
        self._transport = cast("asyncio.Transport", transport)
        # Unless every write is one too many to be kept, uvloop keeps them all until the loop comes
        # round: frames would leave later than their stamps say, and cost a fifth more.
        self._transport.set_write_buffer_limits(high=0)

    def _shake_hands(self, data: bytes, at_ns: int) -> bytes:
        """Give the core the head of the answer to the upgrade; return what comes after it."""
        if self._refused is not None:
            return self._read_refusal(data)
        self._parts.append(data)
        head, end, after = b"".join(self._parts).partition(b"\r\n\r\n")
        if not end and len(head) <= _HEAD_LIMIT_BYTES:
            return b""
        if is_refusal(head):
            self._refused = RefusedUpgrade(head)
            asyncio.get_running_loop().call_later(_REFUSAL_LIMIT_S, self._hang_up)
            return self._read_refusal(after)
        self._to_core(head + end, at_ns)
        if self._core.state is State.OPEN:
            self._parts.clear()
            self._slicer = Slicer(_MESSAGE_LIMIT_BYTES)
        return after

    def _read_refusal(self, data: bytes) -> bytes:
        """Read why the upgrade was refused; nothing is left for anybody else."""
        assert self._refused is not None
        self._refused.feed(data)
        if self._refused.complete:
            self._hang_up()
        return b""

    def _to_core(self, data: bytes, at_ns: int) -> None:
        core = self._core
        core.receive_data(data)
        for event in core.events_received():
            if isinstance(event, Frame):
                self._take(event, at_ns)
            elif isinstance(event, Response):
                self._answered(at_ns)
        self._flush()
        if core.close_rcvd or core.parser_exc or core.handshake_exc:
            self._hang_up()

    def _take(self, frame: Frame, at_ns: int) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.CONT | Opcode.BINARY if not frame.fin:
                self._parts.append(bytes(frame.data))
            case Opcode.TEXT | Opcode.BINARY:
                self._receiver.message(bytes(frame.data), at_ns)
            case Opcode.PONG if len(frame.data) == 8:
                self._receiver.pong(at_ns - int.from_bytes(frame.data, "big"))
            case Opcode.CONT:
                whole = b"".join((*self._parts, bytes(frame.data)))
                self._parts.clear()
                self._receiver.message(whole, at_ns)

    def _answered(self, at_ns: int) -> None:
        if self._core.handshake_exc is None:
            self._receiver.upgraded(at_ns)

    def _why(self, exc: Exception | None, code: int | None) -> Fault | None:
        if self._refused is not None:
            return self._refused.fault()
        answer = b"".join(self._parts) if self._slicer is None else b""
        if self._core.handshake_exc is not None and not answer.startswith(b"HTTP/"):
            return no_http(answer)
        if isinstance(self._core.handshake_exc, InvalidHandshake | EOFError):
            words = sanitised(self._core.handshake_exc)
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
        transport = self._transport
        if transport is None:
            return
        for data in self._core.data_to_send():
            if data:
                transport.write(data)
            elif transport.can_write_eof():
                transport.write_eof()

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class Stages:
    """When TCP and TLS were established; monotonic nanoseconds."""

    reached_ns: int
    secured_ns: int | None


async def connect(
    uri: Target,
    headers: Sequence[tuple[str, str]],
    receiver: Receiver,
    *,
    via: tuple[str, int] | None = None,
    tunnel: bool = False,
    proxy_authorization: str = "",
    tls: ssl.SSLContext | None = None,
) -> tuple[Connection, Stages] | Fault:
    """Open a connection on the running loop and send the upgrade request.

    Args:
        uri: Address as the server is to see it.
        headers: Extra headers of the upgrade request.
        receiver: Receives what happens.
        via: Host and port to open the socket to instead, such as a proxy's.
        tunnel: What listens at `via` is an HTTP proxy, to be asked for a connection to the
            target.
        proxy_authorization: What the proxy is shown, empty for nothing.
        tls: Context for `wss`; by default certificates are verified against the system's.

    Returns:
        The connection and when its stages were established, or the fault that kept it from opening.
    """
    try:
        async with asyncio.timeout(_CONNECT_LIMIT_S):
            return await _open(
                uri,
                headers,
                receiver,
                via,
                tunnel=tunnel,
                proxy_authorization=proxy_authorization,
                tls=tls,
            )
    except TimeoutError:
        words = f"no answer within {_CONNECT_LIMIT_S:g} s"
        return Fault(Party.NETWORK, Phase.CONNECT, "connect_timeout", words)
    except ssl.SSLError as error:
        words = getattr(error, "verify_message", "") or error.reason or sanitised(error)
        return Fault(Party.THEIRS, Phase.CONNECT, "tls", words)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            words = "this machine allows no more open files; see ulimit -n"
            return Fault(Party.OURS, Phase.CONNECT, "open_files", words)
        return Fault(Party.NETWORK, Phase.CONNECT, type(error).__name__, sanitised(error))


async def _open(
    uri: Target,
    headers: Sequence[tuple[str, str]],
    receiver: Receiver,
    via: tuple[str, int] | None,
    *,
    tunnel: bool,
    proxy_authorization: str,
    tls: ssl.SSLContext | None,
) -> tuple[Connection, Stages] | Fault:
    loop = asyncio.get_running_loop()
    host, port = (uri.host, uri.port) if via is None else via
    transport: asyncio.BaseTransport
    transport, connection = await loop.create_connection(
        lambda: Connection(uri, headers, receiver), host, port
    )
    reached_ns, secured_ns = now_ns(), None
    if tunnel:
        refusal = await connection.tunnel(uri.host, uri.port, proxy_authorization)
        if refusal is not None:
            connection.mute()
            return Fault(Party.NETWORK, Phase.CONNECT, "proxy_refused", refusal)
    if uri.secure:
        context = tls or ssl.create_default_context()
        try:
            secured = await loop.start_tls(transport, connection, context, server_hostname=uri.host)
        except BaseException:
            connection.mute()
            raise
        assert secured is not None
        transport, secured_ns = secured, now_ns()
    connection.begin(transport)
    return connection, Stages(reached_ns, secured_ns)
