"""Frames that an application does not take in time are dropped, as carriers drop them.

A carrier does not queue a caller's audio: what the application's socket takes too late is discarded
(Twilio, warning 31930), and a call is not heard later and later. How much waits before that is not
documented; a second is our judgement.
"""

from dataclasses import replace

from harness.errors import Party
from harness.model import TurnRecord, TurnStatus
from harness.transport import Outlet

SEND_BUFFER_BYTES = 16_384
"""What the kernel is asked to keep of frames that left: it takes twice that, less than a second."""

_MOST_WAITING_MS = 1_000
_UNHEARD = (TurnStatus.NO_REPLY, TurnStatus.TIMEOUT)


class Congestion:
    """What leaves by one connection, while there is room.

    Args:
        outlet: Where frames leave.
        frame_ms: Length of a frame.

    Attributes:
        dropped: Frames that were dropped.
    """

    __slots__ = ("_explained", "_most_frames", "_outlet", "_taken", "dropped")

    def __init__(self, outlet: Outlet, frame_ms: int) -> None:
        self.dropped = self._taken = self._explained = 0
        self._outlet, self._most_frames = outlet, _MOST_WAITING_MS // frame_ms

    def write(self, message: bytes) -> None:
        """Send a ready message, unless a second of such messages waits."""
        if self._outlet.waiting > len(message) * self._most_frames:
            self.dropped += 1
        else:
            self._outlet.write(message)

    def take_dropped(self) -> int:
        """Return how many frames were dropped since the last time."""
        taken, self._taken = self.dropped - self._taken, self.dropped
        return taken

    def explained(self, turns: list[TurnRecord]) -> list[TurnRecord]:
        """Return turns that have ended; one that nobody answered names the frames it lost."""
        lost, self._explained = self.dropped - self._explained, self.dropped
        return [_explained(turn, lost) for turn in turns] if lost else turns


def _explained(turn: TurnRecord, lost: int) -> TurnRecord:
    fault = turn.fault
    if fault is None or turn.status not in _UNHEARD or fault.party is Party.OURS:
        return turn
    words = f"{lost} frames were dropped: the application's socket took no more; {fault.detail}"
    return replace(turn, fault=replace(fault, party=Party.THEIRS, detail=words))
