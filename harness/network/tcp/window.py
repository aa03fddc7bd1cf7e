"""The congestion window of one TCP sender: CUBIC, and PRR while it recovers.

CUBIC is RFC 9438 in the whole-packet arithmetic of Linux's `tcp_cubic.c`, since a voice stream's
window is a handful of packets and rounding decides what such a window does. PRR is RFC 6937 as in
`tcp_cwnd_reduction`. A window grows only while it was what held the sender back.
"""

_INITIAL = 10
_NO_THRESHOLD = 1 << 30
_LEAST_THRESHOLD = 2
# Linux's fixed point: beta 717/1024, C = 0.4 as 410/1024 per cubic second, seconds in 1/1024.
_BETA, _BETA_SCALE = 717, 1024
_CUBE_SCALE, _CUBE_SHIFT = 410, 40
_FRIENDLY_EIGHTHS = 15


class Window:
    """Packets that may be in flight, and how that changes.

    Attributes:
        size: The window now, in packets.
        threshold: Below it the window doubles per round trip; above, CUBIC rules.
    """

    def __init__(self) -> None:
        self.size = _INITIAL
        self.threshold = _NO_THRESHOLD
        self._credit = 0
        self._limited, self._most_out, self._usage_until = False, 0, 0
        self._prior = 1
        self._delivered = self._sent = 0
        self._epoch_ms: float | None = None
        self._last_max = self._origin = self._root = 0
        self._acked = self._friendly = 0
        self._per_packet = 2

    def note_use(self, in_flight: int, outstanding: int, una: int, nxt: int) -> None:
        """Remember after sending whether the window was used up.

        Args:
            in_flight: Packets estimated to be in flight.
            outstanding: Packets not yet acknowledged in sequence.
            una: Number of the first of those.
            nxt: Number of the next new packet.
        """
        limited = in_flight >= self.size
        if (
            una >= self._usage_until
            or limited
            or (not self._limited and outstanding > self._most_out)
        ):
            self._limited, self._most_out, self._usage_until = limited, outstanding, nxt

    def grow(self, now_ms: float, acked: int, delay_ms: float) -> None:
        """Take `acked` newly delivered packets outside of recovery."""
        slow_start = self.size < self.threshold
        if not (self._limited or (slow_start and self.size < 2 * self._most_out)):
            return
        if slow_start:
            before = self.size
            self.size = min(before + acked, self.threshold)
            acked -= self.size - before
            if not acked:
                return
        self._update_cubic(now_ms, acked, delay_ms)
        if self._credit >= self._per_packet:
            self._credit = 0
            self.size += 1
        self._credit += acked
        if self._credit >= self._per_packet:
            more, self._credit = divmod(self._credit, self._per_packet)
            self.size += more

    def enter_recovery(self) -> None:
        """Cut the threshold; the window follows by `reduce`."""
        self._prior, self._delivered, self._sent = self.size, 0, 0
        self._credit = 0
        self._cut()

    def sent_in_recovery(self) -> None:
        """Count a packet sent while recovering."""
        self._sent += 1

    def reduce(self, delivered: int, in_flight: int, *, advanced: bool, more_lost: bool) -> None:
        """Set the window from what has arrived since recovery began (PRR)."""
        if delivered <= 0:
            return
        self._delivered += delivered
        room = self.threshold - in_flight
        if room < 0:
            allowed = -(-self.threshold * self._delivered // self._prior) - self._sent
        else:
            allowed = max(self._delivered - self._sent, delivered)
            allowed = min(room, allowed + (advanced and not more_lost))
        self.size = in_flight + max(allowed, 0 if self._sent else 1)

    def leave_recovery(self) -> None:
        """Continue from the threshold."""
        self.size = self.threshold

    def collapse(self, in_flight: int, *, afresh: bool) -> None:
        """Start over from one packet after a retransmission timeout.

        Args:
            in_flight: Packets estimated to be in flight still.
            afresh: The timeout did not come during a recovery, which has cut already.
        """
        if afresh:
            self._cut()
        self.size = in_flight + 1
        self._credit = 0
        self._reset_cubic()

    def _cut(self) -> None:
        self._epoch_ms = None
        if self.size < self._last_max:
            self._last_max = self.size * (_BETA_SCALE + _BETA) // (2 * _BETA_SCALE)
        else:
            self._last_max = self.size
        self.threshold = max(self.size * _BETA // _BETA_SCALE, _LEAST_THRESHOLD)

    def _reset_cubic(self) -> None:
        """Forget all that CUBIC has learned, as Linux does at a timeout."""
        self._epoch_ms = None
        self._last_max = 0

    def _update_cubic(self, now_ms: float, acked: int, delay_ms: float) -> None:
        """Set how many acknowledged packets widen the window by one."""
        size = self.size
        self._acked += acked
        if self._epoch_ms is None:
            self._epoch_ms, self._acked, self._friendly = now_ms, acked, size
            above = max(0, self._last_max - size)
            self._root = round(((above << _CUBE_SHIFT) / _CUBE_SCALE) ** (1 / 3))
            self._origin = max(self._last_max, size)
        offset = int((now_ms - self._epoch_ms + delay_ms) * 1.024) - self._root
        rise = (_CUBE_SCALE * abs(offset) ** 3) >> _CUBE_SHIFT
        target = self._origin + (rise if offset >= 0 else -rise)
        per_packet = size // (target - size) if target > size else 100 * size
        if self._last_max == 0:
            per_packet = min(per_packet, 20)
        step = size * _FRIENDLY_EIGHTHS >> 3
        while self._acked > step:
            self._acked -= step
            self._friendly += 1
        if self._friendly > size:
            per_packet = min(per_packet, size // (self._friendly - size))
        self._per_packet = max(per_packet, 2)
