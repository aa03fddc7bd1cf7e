"""What one TCP sender knows of its segments: acknowledged, lost, in flight.

Loss is found by RACK (RFC 8985): a segment is lost once one that was sent later has arrived and
a round trip plus a reordering window has passed since it was sent itself. So a stream of thin
frames learns of a loss only from a frame that was sent after it.
"""

from collections.abc import Iterator


class Segment:
    """One piece of the stream; `start` and `end` count bytes."""

    __slots__ = ("end", "lost", "out", "pushed", "retransmitted", "sacked", "sent_ms", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.sent_ms = 0.0
        self.out = self.lost = self.sacked = self.retransmitted = self.pushed = False


class Scoreboard:
    """The segments of one connection, oldest first.

    Attributes:
        segments: All of them.
        una: Number of the first that is not acknowledged in sequence.
        in_flight: How many are estimated to be in flight.
        rtt_ms: Round trip of the last one acknowledged, RACK's yardstick.
    """

    def __init__(self, rtt_ms: float) -> None:
        self.segments: list[Segment] = []
        self.una = self.in_flight = 0
        self.rtt_ms = self._least_ms = rtt_ms
        self._newest = (-1.0, -1)
        self._acked = 0

    @property
    def outstanding(self) -> int:
        """How many are not acknowledged in sequence."""
        return len(self.segments) - self.una

    @property
    def sacked(self) -> int:
        """How many of those have arrived all the same."""
        return self._acked - self.una

    @property
    def head(self) -> Segment:
        """The oldest outstanding segment."""
        return self.segments[self.una]

    def add(self, start: int, end: int) -> int:
        """Append a new segment and return its number."""
        self.segments.append(Segment(start, end))
        return len(self.segments) - 1

    def sent(self, number: int, now_ms: float) -> None:
        """Note that a segment was sent, for the first time or again."""
        segment = self.segments[number]
        segment.sent_ms, segment.lost = now_ms, False
        if not segment.out:
            segment.out = True
            self.in_flight += 1

    def acknowledge(self, number: int, now_ms: float) -> bool:
        """Note that a segment has arrived.

        Returns:
            Whether this tells RACK anything: the answer to a segment that was sent again is
            ambiguous if it comes sooner than any round trip took.
        """
        segment = self.segments[number]
        if segment.out:
            segment.out = False
            self.in_flight -= 1
        segment.sacked, segment.lost = True, False
        self._acked += 1
        rtt_ms = now_ms - segment.sent_ms
        if segment.retransmitted and rtt_ms < self._least_ms:
            return False
        self._least_ms = min(self._least_ms, rtt_ms)
        self.rtt_ms = rtt_ms
        self._newest = max(self._newest, (segment.sent_ms, number))
        return True

    def advance(self, una: int) -> None:
        """Note that everything before `una` was acknowledged in sequence."""
        self.una = max(self.una, una)

    def lost(self) -> Iterator[int]:
        """Yield those that are lost and have not been sent again."""
        for number in range(self.una, len(self.segments)):
            if self.segments[number].lost:
                yield number

    def window_ms(self, srtt_ms: float) -> float:
        """Return the reordering window outside of recovery."""
        return 0.0 if self.sacked >= 3 else min(self._least_ms / 4, srtt_ms)

    def find_lost(self, now_ms: float, window_ms: float) -> tuple[int, bool, float]:
        """Mark what is lost by now.

        Args:
            now_ms: The time.
            window_ms: How much reordering to allow for.

        Returns:
            How many were marked, whether one of them had been sent again, and for how long one
            has to wait until all that are suspect are lost; 0 when none is.
        """
        found, again, wait_ms = 0, False, 0.0
        for number in range(self.una, len(self.segments)):
            segment = self.segments[number]
            if segment.out and (segment.sent_ms, number) < self._newest:
                left_ms = segment.sent_ms + self.rtt_ms + window_ms - now_ms
                if left_ms > 0:
                    wait_ms = max(wait_ms, left_ms)
                else:
                    self._give_up(segment)
                    found += 1
                    again |= segment.retransmitted
        return found, again, wait_ms

    def give_up_all(self, now_ms: float) -> None:
        """Mark as lost what is outstanding, except what was sent within the last round trip."""
        for number in range(self.una, len(self.segments)):
            segment = self.segments[number]
            recent = segment.sent_ms + self.rtt_ms > now_ms
            if not segment.sacked and (number == self.una or not recent):
                self._give_up(segment)

    def unmark_all(self) -> None:
        """Withdraw every mark of loss."""
        for segment in self.segments[self.una :]:
            if segment.lost:
                segment.lost, segment.out = False, True
                self.in_flight += 1

    def _give_up(self, segment: Segment) -> None:
        segment.lost = True
        if segment.out:
            segment.out = False
            self.in_flight -= 1
