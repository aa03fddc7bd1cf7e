"""A TCP connection whose bytes are stamped by the kernel as they arrive.

An event loop's own transports read by themselves and tell nothing of the kernel's stamps, so this
one owns its socket.
"""

import asyncio
import errno
import socket
import struct

from harness.clock import CLOCK_SLACK_NS, now_ns
from harness.model import EXACT, NS_PER_MS, StampBound
from harness.transport.poller import READ_AT_MOST_BYTES, Poller
from harness.transport.stream import Sink
from harness.transport.system_calls import ask_for_stamps, send

# Some minutes of speech. Whoever lets so much wait does not read any more.
_WAITING_LIMIT_BYTES = 4 * 2**20
# What was read so much later than stamped is looked at twice.
_LATE_NS = NS_PER_MS
# tcpi_rcv_ooopack of linux/tcp.h (Linux 5.4): how many packets came before ones sent earlier.
_OUT_OF_ORDER = struct.Struct("@I")
_OUT_OF_ORDER_AT = 224


class StampedSocket:
    """One connection; a `Stream`. Make it on the loop that reads it.

    Args:
        sock: A connected socket, non-blocking; owned from now on.
        poller: Reads it.
        waiting_limit_bytes: A peer that leaves so much unread is given up.

    Attributes:
        fileno: See `Outlet`.
        waiting: See `Outlet`.
        by_kernel: Whether the kernel stamps what arrives.
    """

    def __init__(
        self,
        sock: socket.socket,
        poller: Poller,
        waiting_limit_bytes: int = _WAITING_LIMIT_BYTES,
    ) -> None:
        self.fileno, self.waiting = sock.fileno(), 0
        self._waiting_limit_bytes = waiting_limit_bytes
        self.by_kernel = ask_for_stamps(sock)
        self._sock, self._poller = sock, poller
        self._sink: Sink | None = None
        self._unsent: list[bytes] = []
        self._eof_wanted = self._closing = self._paused = False
        self._since_ns = self._stamp_ns = now_ns()
        # The look in which the last read left bytes behind, perhaps; bytes may be there already.
        self._left_at_look = poller.looks
        self._out_of_order = 0

    def start(self, sink: Sink) -> None:
        """Begin to read, for `sink`; or go on for another one."""
        first, self._sink = self._sink is None, sink
        if first and self.fileno >= 0:
            self._poller.add(self.fileno, self)

    def write(self, data: bytes) -> None:
        """See `Outlet`."""
        if self.waiting:
            self.keep(data)
            return
        if self.fileno < 0:
            return
        try:
            sent = send(self.fileno, data)
        except OSError as error:
            self._end(error)
            return
        if sent != len(data):
            self.keep(data[sent:])

    def keep(self, data: bytes) -> None:
        """See `Outlet`."""
        if self.fileno < 0:
            return
        if not self.waiting and not self._paused:
            self._poller.want_to_write(self.fileno, True)
        self._unsent.append(data)
        self.waiting += len(data)
        if self.waiting > self._waiting_limit_bytes:
            words = f"{self.waiting} bytes wait, and nobody reads them"
            self._end(OSError(errno.ENOBUFS, words))

    def write_eof(self) -> None:
        """See `Stream`."""
        self._eof_wanted = True
        if not self.waiting and self.fileno >= 0:
            self._shut_down()

    def pause(self) -> None:
        """Neither read nor send what waits, until `resume`: what arrives stays with the kernel."""
        if self.fileno >= 0 and not self._closing:
            self._paused = True
            self._poller.pause(self.fileno)

    def resume(self) -> None:
        """Go on after `pause`; what arrived meanwhile may have arrived at any time since."""
        if self.fileno >= 0 and self._paused:
            self._paused, self._left_at_look = False, self._poller.looks
            self._poller.want_to_write(self.fileno, bool(self.waiting))

    def close(self) -> None:
        """See `Stream`."""
        if self._closing or self.fileno < 0:
            return
        self._closing = True
        if self.waiting:
            self._poller.write_only(self.fileno)
        else:
            self._end(None)

    def abort(self) -> None:
        """See `Stream`."""
        self._end(None)

    def fail(self, error: Exception) -> None:
        """Close now, for a reason that the sink is to hear."""
        self._end(error)

    def drop(self) -> None:
        """See `Pollable`."""
        self._sink = None
        self._end(None)

    def crashed(self, error: Exception) -> None:
        """See `Pollable`."""
        context = {"message": "what was received could not be handled", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        self._end(error)

    def readable(self) -> None:
        """See `Pollable`."""
        if self._closing:
            return
        poller = self._poller
        try:
            data, wall_ns = poller.reads.receive(self.fileno)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if not data:
            self._end(None)
            return
        if poller.looks - self._left_at_look > 1:
            since_ns, stamp_ns = poller.since_ns, self._stamp_ns
            self._since_ns = since_ns = max(stamp_ns, since_ns)
        else:
            since_ns = self._since_ns
        drained = len(data) < READ_AT_MOST_BYTES
        if not drained:
            self._left_at_look = poller.looks
        at_ns = None if wall_ns is None else self._believed_ns(wall_ns, since_ns)
        assert self._sink is not None
        if at_ns is None:
            # All is known of the last byte that arrived, and so of those before it.
            at_ns = now_ns()
            self._sink.received(data, at_ns, since_ns, StampBound(0, at_ns - since_ns))
            return
        self._stamp_ns = at_ns
        # What fills a read may have been stamped when bytes behind it arrived.
        last = EXACT if drained else StampBound(at_ns - since_ns, 0)
        self._sink.received(data, at_ns, since_ns, last)

    def writable(self) -> None:
        """See `Pollable`."""
        while self._unsent:
            data = self._unsent[0]
            try:
                sent = send(self.fileno, data)
            except OSError as error:
                self._end(error)
                return
            self.waiting -= sent
            if sent < len(data):
                self._unsent[0] = data[sent:]
                return
            self._unsent.pop(0)
        if self._closing:
            self._end(None)
            return
        self._poller.want_to_write(self.fileno, False)
        if self._eof_wanted:
            self._shut_down()

    def _believed_ns(self, wall_ns: int, since_ns: int) -> int | None:
        """Return the monotonic instant of a kernel's stamp, `None` where it cannot be the truth."""
        poller = self._poller
        if not poller.clock_stood:
            return None
        at_ns = wall_ns - poller.offset.ns
        if at_ns > poller.looked_ns:
            return at_ns if at_ns <= now_ns() else None
        if at_ns < since_ns - CLOCK_SLACK_NS:
            return None
        if poller.looked_ns - at_ns > _LATE_NS and self._came_out_of_order():
            return None
        return max(at_ns, since_ns)

    def _came_out_of_order(self) -> bool:
        """Return whether packets have overtaken others since it was asked the last time.

        The last byte may then have waited, with its stamp, for bytes before it that were lost and
        sent again.
        """
        size = _OUT_OF_ORDER_AT + _OUT_OF_ORDER.size
        facts = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
        if len(facts) < size:
            return True
        before, (self._out_of_order,) = (
            self._out_of_order,
            _OUT_OF_ORDER.unpack_from(facts, _OUT_OF_ORDER_AT),
        )
        return self._out_of_order != before

    def _shut_down(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._end(error)

    def _end(self, error: Exception | None) -> None:
        if self.fileno < 0:
            return
        self._poller.remove(self.fileno)
        self.fileno, self.waiting = -1, 0
        self._unsent.clear()
        self._sock.close()
        sink, self._sink = self._sink, None
        if sink is not None:
            # Whoever is writing, a whole row of frames perhaps, hears of it afterwards.
            asyncio.get_running_loop().call_soon(sink.ended, error)
