"""TLS over a stamped socket: every byte has the stamp of the end of its record."""

import asyncio
import socket
import ssl
from contextlib import suppress

from harness.model import StampBound
from harness.transport.stamped_socket import StampedSocket
from harness.transport.stream import Sink

# A record's header is its type, its version and the length of what follows (RFC 8446 section 5.1).
_HEADER_BYTES = 5
# More than a record holds.
_READ_BYTES = 65_536


class TlsSession:
    """The two directions of one TLS connection, kept in memory; what moves the bytes is outside.

    Args:
        context: What certificates are verified with.
        host: Whose certificate it has to be.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)


async def shake_hands(session: TlsSession, sock: socket.socket) -> None:
    """Open a TLS session over a connected socket that nothing else reads.

    Raises:
        ssl.SSLError: The two cannot agree, or the certificate is not trusted.
        OSError: The connection broke.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            session.tls.do_handshake()
        except ssl.SSLWantReadError:
            await loop.sock_sendall(sock, session.outgoing.read())
        else:
            await loop.sock_sendall(sock, session.outgoing.read())
            return
        data = await loop.sock_recv(sock, _READ_BYTES)
        if not data:
            words = "closed during the TLS handshake, as by a server without TLS, which wants ws"
            raise ConnectionResetError(words)
        session.incoming.write(data)


class TlsStream:
    """A `Stream` of what a TLS session carries.

    Args:
        below: What carries the records.
        session: After `shake_hands`.

    Attributes:
        fileno: See `Outlet`: never to be written to directly.
    """

    fileno = -1

    def __init__(self, below: StampedSocket, session: TlsSession) -> None:
        self._below = below
        self._tls, self._incoming = session.tls, session.incoming
        self._outgoing = session.outgoing
        self._sink: Sink | None = None
        self._over = False
        # Of a record that has not arrived wholly, or what came with the end of the handshake.
        self._rest = session.incoming.read()

    @property
    def waiting(self) -> int:
        """See `Outlet`."""
        return self._below.waiting

    def start(self, sink: Sink) -> None:
        """Begin to read, for `sink`."""
        self._sink = sink
        self._below.start(self)

    def write(self, data: bytes) -> None:
        """See `Outlet`."""
        if self._over or self._below.fileno < 0:
            return
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._below.write(self._outgoing.read())

    def keep(self, data: bytes) -> None:
        """See `Outlet`."""
        self.write(data)

    def write_eof(self) -> None:
        """Say that no more will come. TLS cannot close one direction only, so the rest follows."""
        self._say_goodbye()

    def close(self) -> None:
        """See `Stream`."""
        self._say_goodbye()
        self._below.close()

    def abort(self) -> None:
        """See `Stream`."""
        self._over = True
        self._below.abort()

    def received(self, data: bytes, at_ns: int, since_ns: int, last: StampBound) -> None:
        """See `Sink`: takes records out of a read and passes on what each of them holds."""
        earlier = last if any(last) else StampBound(at_ns - since_ns, 0)
        data, at = self._rest + data if self._rest else data, 0
        while len(data) - at >= _HEADER_BYTES:
            end = at + _HEADER_BYTES + int.from_bytes(data[at + 3 : at + _HEADER_BYTES], "big")
            if end > len(data):
                break
            self._incoming.write(data[at:end])
            at = end
            if not self._pass_on(at_ns, since_ns, last if end == len(data) else earlier):
                return
        self._rest = data[at:]

    def ended(self, error: Exception | None) -> None:
        """See `Sink`."""
        self._over = True
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.ended(error)

    def _pass_on(self, at_ns: int, since_ns: int, bound: StampBound) -> bool:
        """Pass on the plain bytes of a record; return whether more may come."""
        assert self._sink is not None
        try:
            if plain := self._tls.read(_READ_BYTES):
                self._sink.received(plain, at_ns, since_ns, bound)
            else:
                # Their goodbye.
                self.close()
        except ssl.SSLWantReadError:
            # A record may be the session's own, such as a new key, and ask for an answer.
            if self._outgoing.pending:
                self._below.write(self._outgoing.read())
        except ssl.SSLError as error:
            self._fail(error)
        return not self._over

    def _say_goodbye(self) -> None:
        if self._over:
            return
        self._over = True
        # It would wait for the other side's goodbye, which nobody does.
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        self._below.write(self._outgoing.read())

    def _fail(self, error: Exception) -> None:
        """End with an error, after the alert that tells the other side of it."""
        self._over = True
        self._below.write(self._outgoing.read())
        self._below.fail(error)
