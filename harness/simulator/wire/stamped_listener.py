"""Accepts connections whose bytes the kernel stamps, so that the truth does not rest on our loop.

An event loop's own transports stamp nothing, and keep what is written until the loop comes round:
with hundreds of sessions that is milliseconds after the instant that the truth log has.
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable

from harness.model import StampBound
from harness.transport.poller import poller_of
from harness.transport.stamped_socket import StampedSocket

# Connections taken before the loop comes round to what else is due.
_TAKEN_AT_ONCE = 64
# Where no more files may be opened, those who wait are looked at again after so long.
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LATER_S = 1.0


class StampedTransport(asyncio.Transport):
    """What a `Connection` writes to, over a stamped socket.

    Args:
        sock: An accepted socket, non-blocking; owned from now on.
        unread_bytes: A client that leaves so much unread is given up.
    """

    def __init__(self, sock: socket.socket, unread_bytes: int) -> None:
        super().__init__()
        self._sock = sock
        poller = poller_of(asyncio.get_running_loop())
        self._stream = StampedSocket(sock, poller, unread_bytes)
        self._paused = False

    def start(self, receive: Callable[[bytes, int], None], lost: asyncio.BaseProtocol) -> None:
        """Begin to read: `receive` takes bytes and when they arrived, `lost` hears of the end."""
        self._stream.start(_Sink(receive, lost))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes now."""
        self._stream.write(bytes(data))

    def close(self) -> None:
        """Close when what waits has been sent."""
        self._stream.close()

    def abort(self) -> None:
        """Close now."""
        self._stream.abort()

    def reset(self) -> None:
        """End with a TCP reset."""
        if self._stream.fileno >= 0:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._stream.abort()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Keep the limit that it was made with."""

    def is_reading(self) -> bool:
        """Return whether it reads."""
        return not self._paused

    def pause_reading(self) -> None:
        """Read nothing until told to go on."""
        self._paused = True
        self._stream.pause()

    def resume_reading(self) -> None:
        """Read again."""
        self._paused = False
        self._stream.resume()


class _Sink:
    def __init__(self, receive: Callable[[bytes, int], None], lost: asyncio.BaseProtocol) -> None:
        self._receive, self._lost = receive, lost

    def received(self, data: bytes, at_ns: int, _since_ns: int, _last: StampBound) -> None:
        """See `Sink`."""
        self._receive(data, at_ns)

    def ended(self, error: Exception | None) -> None:
        """See `Sink`."""
        self._lost.connection_lost(error)


class StampedListener:
    """Listens at one host and port, on all addresses that the host has.

    Args:
        accepted: Takes every accepted socket.

    Attributes:
        port: The port listened at.
    """

    def __init__(self, accepted: Callable[[socket.socket], None]) -> None:
        self._accepted = accepted
        self._sockets: list[socket.socket] = []
        self.port = 0

    async def start(self, host: str, port: int, backlog: int) -> None:
        """Listen.

        Raises:
            OSError: The address cannot be listened at.
        """
        self._loop = asyncio.get_running_loop()
        found = await self._loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                self._listen(socket.socket(family, kind, protocol), address, backlog)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Accept no more; idempotent."""
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _listen(self, sock: socket.socket, address: tuple[object, ...], backlog: int) -> None:
        self._sockets.append(sock)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # One port for all addresses, also where the system chooses it.
        sock.bind((address[0], address[1] or self.port, *address[2:]))
        sock.listen(backlog)
        self.port = sock.getsockname()[1]
        self._loop.add_reader(sock, self._take, sock)

    def _take(self, listening: socket.socket) -> None:
        for _ in range(_TAKEN_AT_ONCE):
            try:
                sock, _ = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._loop.remove_reader(listening)
                    self._loop.call_later(_LATER_S, self._again, listening)
                    return
                continue  # that client is gone before it was taken
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._accepted(sock)

    def _again(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._take, listening)
