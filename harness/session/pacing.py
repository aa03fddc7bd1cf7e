"""The frames of one caller against the clock: when the next is due, how late those before it were.

Frames are counted from the caller's first to the last, over all connections; a connection that was
opened anew has a grid of its own, on which audio counts from 0.
"""

from typing import Any

from harness.model import NS_PER_MS
from harness.session.grid import FrameGrid
from harness.session.ready_frames import ReadyFrames

BACKLOG_NS = 100 * NS_PER_MS
"""Frames that are later than this are not sent any more, and the plan moves instead.

A client whose process stalls sends what the microphone recorded meanwhile, at once; the buffers of
sound cards hold some 100 ms.
"""


class Pacing:
    """One caller's frames; all times are monotonic nanoseconds.

    Args:
        frame_samples: Samples per frame.
        rate_hz: Samples per second.

    Attributes:
        due_ns: When the next frame is due, as far as frames were counted; `None` while there is no
            session.
        ahead: The frames that are known from there on.
        frames: Frames counted so far.
        slipped: Deadlines that passed unused because the caller was beyond its backlog late.
        late_max_ns: How late the latest frame was, `None` before the first.
    """

    def __init__(self, frame_samples: int, rate_hz: int) -> None:
        self.due_ns: int | None = None
        self.ahead = ReadyFrames()
        self.frames = self.slipped = 0
        self.late_max_ns: int | None = None
        self._grid = FrameGrid(0, frame_samples, rate_hz)
        self._frame_ns = self._grid.frame_ns
        self._earlier = 0

    @property
    def frame_ns(self) -> int:
        """Length of a frame."""
        return self._frame_ns

    def begin(self, from_ns: int) -> None:
        """Begin to speak on a new connection, not before `from_ns`.

        Frames of all sessions fall due on one grid of milliseconds, so that sending those of a
        thousand sessions takes at most a thousand wake-ups a second.
        """
        start_ns = -(-from_ns // NS_PER_MS) * NS_PER_MS
        self._grid = FrameGrid(start_ns, self._grid.frame_samples, self._grid.rate_hz)
        self._earlier = self.frames
        self.due_ns = self._grid.due_ns(0)

    def end(self) -> None:
        """Stop: the connection is gone."""
        self.due_ns = None

    def take_up(self, now_ns: int) -> int:
        """Return how late the frame is that is sent now; beyond the backlog the grid slips."""
        assert self.due_ns is not None
        late_ns = now_ns - self.due_ns
        self._was_late(late_ns)
        if late_ns > BACKLOG_NS:
            slots = late_ns // self._frame_ns
            self.slipped += slots
            self._grid = self._grid.slipped(slots)
        return late_ns

    def sent(self, frames: int) -> int:
        """Count frames, and return when the next is due."""
        self.frames += frames
        self.due_ns = due_ns = self._grid.due_ns(self.frames - self._earlier)
        return due_ns

    def count(self) -> tuple[int, int]:
        """Count the frames that were taken from `ahead`.

        Returns:
            How many these were since the last time, and how late the latest of them was.
        """
        ahead = self.ahead
        taken = ahead.sent()
        if not taken:
            return 0, 0
        late_ns, ahead.late_max_ns = ahead.late_max_ns, 0
        self._was_late(late_ns)
        self.sent(taken)
        return taken, late_ns

    def position(self) -> tuple[int, FrameGrid]:
        """Return the number of the next frame on this connection, and its grid."""
        return self.frames - self._earlier, self._grid

    @property
    def slots(self) -> tuple[int, int]:
        """Frames sent so far, and slots that passed unused because the caller was late."""
        return self.frames + self.ahead.pending(), self.slipped

    def recorded(self) -> dict[str, Any]:
        """Return what the session's record says of its frames."""
        return {
            "frames_intended": self.frames + self.slipped,
            "frames_sent": self.frames,
            "send_lateness_max_ns": self.late_max_ns,
        }

    def _was_late(self, late_ns: int) -> None:
        if self.late_max_ns is None or late_ns > self.late_max_ns:
            self.late_max_ns = late_ns
