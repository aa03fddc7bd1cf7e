"""Sends the frames of all calls of one loop, each when it is due.

Sending goes before reading: the kernel stamps what arrives, so reading may wait, but a frame that
should have left may not. Late frames leave at once, the oldest of all calls first.
"""

from array import array
from collections.abc import Callable

from harness.clock import now_ns
from harness.engine.call import Call
from harness.engine.deadlines import Deadlines
from harness.engine.frame_stream import FrameStream
from harness.model import NS_PER_MS
from harness.session import BACKLOG_NS

# Where frames are always due, reading gets a share: the kernel's buffers are small, and a server
# that cannot write any more would look slow.
_SEND_AT_MOST_NS, _THEN_READ_NS = 20 * NS_PER_MS, 5 * NS_PER_MS


class FrameSender:
    """The frames of one loop."""

    def __init__(self) -> None:
        self._due: Deadlines[FrameStream[Call]] = Deadlines()
        self._late_ns = array("q")
        self._read_until_ns = 0

    def start(self, arm: Callable[[int], None]) -> None:
        """Begin; `arm` has `send_due` called at an instant, and the latest arming wins."""
        self._arm_timer = arm

    def add(self, stream: FrameStream[Call], due_ns: int) -> None:
        """Send the frames of a stream, the first when it is due."""
        self._due.add(due_ns, stream.frame_ns, stream)
        self._arm()

    def take_lateness(self) -> "array[int]":
        """Return how late each frame was since the last time."""
        late_ns, self._late_ns = self._late_ns, array("q")
        return late_ns

    def message_done(self) -> None:
        """Send the frames that have become due while a message was handled.

        The loop reads all that has arrived before it looks at its timers, which may take longer
        than a frame may wait.
        """
        if (wakes_ns := self._wakes_ns()) is not None and wakes_ns <= now_ns():
            self.send_due()

    def send_due(self) -> None:
        """Send all frames that are due, then sleep until the next."""
        due, began_ns = self._due, now_ns()
        while (wakes_ns := self._wakes_ns()) is not None:
            at_ns = now_ns()
            if wakes_ns > at_ns:
                break
            if at_ns - began_ns > _SEND_AT_MOST_NS:
                self._read_until_ns = at_ns + _THEN_READ_NS
                break
            due_ns, frame_ns, streams = due.take()
            self._send(due_ns, frame_ns, streams)
        self._arm()

    def _wakes_ns(self) -> int | None:
        """Return when frames are to be sent next, `None` while there are none."""
        next_ns = self._due.next_ns
        return None if next_ns is None else max(next_ns, self._read_until_ns)

    def _arm(self) -> None:
        if (wakes_ns := self._wakes_ns()) is not None:
            self._arm_timer(wakes_ns)

    def _send(self, due_ns: int, frame_ns: int, streams: list[FrameStream[Call]]) -> None:
        """Send the frames due at one instant: ready ones at once, others by asking their call."""
        last_ns = due_ns + BACKLOG_NS
        late, kept, at_ns = self._late_ns.append, [], now_ns()
        for stream in streams:
            ahead = stream.ahead
            message = next(ahead.frames, None) if at_ns <= last_ns else None
            if message is None:
                self._ask(stream)
                at_ns = now_ns()
                continue
            try:
                stream.write(message)
            except Exception as error:
                stream.owner.crashed(error)
                continue
            # Late is until it has left: the machine may take the core away in between.
            ahead.sent_ns, at_ns = at_ns, now_ns()
            late_ns = at_ns - due_ns
            if late_ns > ahead.late_max_ns:
                ahead.late_max_ns = late_ns
            late(late_ns)
            kept.append(stream)
        self._due.add_all(due_ns + frame_ns, frame_ns, kept)

    def _ask(self, stream: FrameStream[Call]) -> None:
        """Send a frame that the session has to decide on."""
        call = stream.owner
        if call.stream is not stream:
            return
        try:
            self._late_ns.append(call.tick(now_ns()))
        except Exception as error:
            call.crashed(error)
            return
        next_ns = call.session.due_ns
        if next_ns is not None and call.stream is stream:
            self._due.add(next_ns, stream.frame_ns, stream)
