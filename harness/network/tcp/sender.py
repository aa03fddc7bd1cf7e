"""When each message of a voice stream arrives if TCP carries it over a network that loses packets.

One connection, one direction, simulated event by event: SACK, RACK, tail loss probe, PRR,
retransmission timeout with F-RTO, CUBIC. A lost packet never shows as missing bytes; everything
behind it waits until it has been sent again, and is then delivered at once.

The behaviour is that of Linux's `net/ipv4`, down to the coarse timers of a kernel with 250 ticks a
second, because a stream with a few packets in flight lives on exactly these details. Left out are
queues and bandwidth, reordering and receive windows.
"""

import heapq
import math
from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

from harness.network.tcp.receiver import DELAYED_ACK_MS, Receiver
from harness.network.tcp.scoreboard import Scoreboard
from harness.network.tcp.window import Window

SEGMENT_BYTES = 1448

_TICK_MS = 4.0
_FINE_TICKS, _COARSE_TICKS = 63, 8
_RTO_MIN_MS, _RTO_MAX_MS = 200.0, 120_000.0
_LEAST_TIMEOUT_MS = 2.0
_TURNAROUND_MS = 0.1


class Path(Protocol):
    """The network under the connection; times never go back."""

    rtt_ms: float

    def there(self, at_ms: float) -> float | None:
        """Return when a packet sent at `at_ms` arrives, `None` when it is lost."""
        ...

    def back(self, at_ms: float) -> float | None:
        """Return when an acknowledgement sent at `at_ms` arrives, `None` when it is lost."""
        ...


class _State(Enum):
    OPEN = auto()
    RECOVERY = auto()
    LOSS = auto()


class _Timer(Enum):
    TIMEOUT = auto()
    PROBE = auto()
    REORDER = auto()


class _Kind(Enum):
    ARRIVAL = auto()
    ANSWER = auto()
    TIMER = auto()
    LATE_ANSWER = auto()


def deliver(
    sent_ms: Sequence[float],
    path: Path,
    *,
    message_bytes: int,
    phase_ms: float = 0.0,
    patience_ms: float = 60_000.0,
) -> list[float | None]:
    """Return when each message is there in full.

    Args:
        sent_ms: When the messages are written, ascending.
        path: Delivers or loses packets; asked in order of time.
        message_bytes: Size of a message.
        phase_ms: Where in its tick the kernel's timer is at time 0.
        patience_ms: How long after the last message to go on.

    Returns:
        Delivery times, `None` for what is not there when patience ends.
    """
    return _Connection(path, message_bytes, phase_ms).run(sent_ms, patience_ms)


class _Connection:
    def __init__(self, path: Path, message_bytes: int, phase_ms: float) -> None:
        self._path, self._bytes, self._phase_ms = path, message_bytes, phase_ms
        self._board = Scoreboard(path.rtt_ms)
        self._window = Window()
        self._state = _State.OPEN
        self._high = 0
        self._now = 0.0
        self._events: list[tuple[float, int, _Kind, int, int]] = []
        self._order = 0
        # The sender's timer; Linux has one for all three purposes.
        self._timer: tuple[_Timer, int] | None = None
        self._srtt_ms, self._deviation_ms = path.rtt_ms, path.rtt_ms / 4
        self._backoff = 1
        self._timeouts = 0
        self._frto = False
        self._before_loss = (0, 0)
        self._probe_high: int | None = None
        self._probe_again = False
        # The application and the receiver.
        self._written = self._unsent = self._heard = 0
        self._receiver = Receiver(message_bytes)
        self._late_answer: int | None = None

    def run(self, sent_ms: Sequence[float], patience_ms: float) -> list[float | None]:
        end_ms = (sent_ms[-1] if sent_ms else 0.0) + patience_ms
        written, count = 0, len(sent_ms)
        delivered = self._receiver.delivered
        while len(delivered) < count:
            if written < count and (not self._events or sent_ms[written] <= self._events[0][0]):
                self._now = sent_ms[written]
                written += 1
                self._written += self._bytes
                self._transmit()
                continue
            if not self._events:
                break
            self._now, _, kind, number, extra = heapq.heappop(self._events)
            if self._now > end_ms:
                break
            if kind is _Kind.ARRIVAL:
                self._arrive(number)
            elif kind is _Kind.ANSWER:
                self._answered(number, extra)
            elif kind is _Kind.LATE_ANSWER:
                self._answer_late(number)
            elif self._timer is not None and self._timer[1] == number:
                self._expire(self._timer[0])
        return [*delivered, *[None] * (count - len(delivered))]

    # Receiver

    def _arrive(self, number: int) -> None:
        if self._receiver.take(number, self._board.segments[number], self._now):
            self._answer()
        elif self._late_answer is None:
            self._order += 1
            self._late_answer = self._order
            self._push(self._now + DELAYED_ACK_MS, _Kind.LATE_ANSWER, self._order, 0)

    def _answer_late(self, number: int) -> None:
        if number == self._late_answer:
            self._answer()

    def _answer(self) -> None:
        self._late_answer = None
        self._receiver.answered()
        at_ms = self._path.back(self._now + _TURNAROUND_MS)
        if at_ms is not None:
            heard = len(self._receiver.received)
            self._push(at_ms, _Kind.ANSWER, heard, self._receiver.next)

    # Sender: acknowledgements

    def _answered(self, heard: int, una: int) -> None:
        board, window = self._board, self._window
        before, delivered = board.una, 0
        informative = original = older = False
        head_sent_ms = board.head.sent_ms if board.outstanding else self._now
        for number in self._receiver.received[self._heard : heard]:
            segment = board.segments[number]
            delivered += 1
            informative |= board.acknowledge(number, self._now)
            self._measure(self._now - segment.sent_ms)
            original |= not segment.retransmitted and number < self._high
            older |= segment.sent_ms < head_sent_ms
        self._heard = max(self._heard, heard)
        board.advance(una)
        advanced = board.una > before
        if advanced:
            self._backoff, self._timeouts = 1, 0
        self._close_probe()
        found, waiting, hold = self._classify(informative, advanced, original)
        if (advanced or older) and not waiting:
            self._set_timer()
        if self._state is _State.RECOVERY:
            window.reduce(delivered, board.in_flight, advanced=advanced, more_lost=found > 0)
        elif advanced and delivered:
            window.grow(self._now, delivered, self._path.rtt_ms)
        self._transmit(retransmit=not hold)

    def _classify(
        self, informative: bool, advanced: bool, original: bool
    ) -> tuple[int, bool, bool]:
        """Move between states after an acknowledgement.

        Returns:
            How many segments were found lost, whether the timer now waits for reordering, and
            whether retransmitting has to wait until new data was answered (F-RTO).
        """
        board, hold = self._board, False
        recovered = board.una >= self._high
        if self._state is _State.RECOVERY and recovered:
            self._window.leave_recovery()
            self._state = _State.OPEN
        elif self._state is _State.LOSS:
            hold = self._after_timeout(advanced, original, recovered)
        found, again, wait_ms = 0, False, 0.0
        if informative:
            window_ms = board.window_ms(self._srtt_ms) if self._state is _State.OPEN else 0.0
            found, again, wait_ms = board.find_lost(self._now, window_ms)
            if wait_ms > 0:
                self._arm(_Timer.REORDER, wait_ms + _LEAST_TIMEOUT_MS)
        if found and (self._state is _State.OPEN or (self._state is _State.LOSS and again)):
            self._enter_recovery()
        return found, wait_ms > 0, hold

    def _after_timeout(self, advanced: bool, original: bool, recovered: bool) -> bool:
        """Find out whether the timeout was spurious (F-RTO, RFC 5682)."""
        board = self._board
        if self._frto:
            if original:
                size, threshold = self._before_loss
                self._window.size = max(size, self._window.size)
                self._window.threshold = max(threshold, self._window.threshold)
                board.unmark_all()
                self._state = _State.OPEN
                return False
            if len(board.segments) > self._high:
                self._frto = False
            elif advanced and not recovered:
                self._high = len(board.segments)
                if self._unsent < self._written:
                    return True
                self._frto = False
        if recovered:
            self._state = _State.OPEN
        return False

    def _enter_recovery(self) -> None:
        self._state = _State.RECOVERY
        self._high = len(self._board.segments)
        self._probe_high = None
        self._window.enter_recovery()

    def _close_probe(self) -> None:
        """Reduce the window if a tail loss probe has repaired a loss that nothing else detected."""
        if self._probe_high is None or self._board.una < self._probe_high:
            return
        self._probe_high = None
        if self._probe_again:
            self._window.enter_recovery()
            self._window.leave_recovery()

    def _measure(self, rtt_ms: float) -> None:
        self._deviation_ms += (abs(rtt_ms - self._srtt_ms) - self._deviation_ms) / 4
        self._srtt_ms += (rtt_ms - self._srtt_ms) / 8

    # Sender: what is sent

    def _transmit(self, *, retransmit: bool = True) -> None:
        """Send what the window allows, first what was lost."""
        board, window = self._board, self._window
        if retransmit and self._state is not _State.OPEN:
            for number in board.lost():
                if board.in_flight >= window.size:
                    break
                self._send(number)
                if number == board.una and not self._is_armed(_Timer.REORDER):
                    self._arm(_Timer.TIMEOUT, self._rto_ms())
        sent = False
        while self._unsent < self._written and board.in_flight < window.size:
            self._send_new()
            sent = True
        if sent or board.in_flight >= window.size:
            window.note_use(board.in_flight, board.outstanding, board.una, len(board.segments))
        if sent:
            self._schedule_probe()

    def _send_new(self) -> None:
        board = self._board
        first = not board.outstanding
        end = min(self._unsent + SEGMENT_BYTES, self._written)
        number = board.add(self._unsent, end)
        board.segments[number].pushed = end == self._written
        self._unsent = end
        self._send(number)
        if first or self._is_armed(_Timer.PROBE):
            self._rearm_timeout()

    def _send(self, number: int) -> None:
        board = self._board
        if board.segments[number].sent_ms or board.segments[number].out:
            board.segments[number].retransmitted = True
        board.sent(number, self._now)
        if self._state is _State.RECOVERY:
            self._window.sent_in_recovery()
        at_ms = self._path.there(self._now)
        if at_ms is not None:
            self._push(at_ms, _Kind.ARRIVAL, number, 0)

    # Sender: the timer

    def _rto_ms(self) -> float:
        base_ms = self._srtt_ms + max(_RTO_MIN_MS, 4 * self._deviation_ms)
        return min(base_ms * self._backoff, _RTO_MAX_MS)

    def _is_armed(self, timer: _Timer) -> bool:
        return self._timer is not None and self._timer[0] is timer

    def _arm(self, timer: _Timer, delay_ms: float) -> None:
        """Set the timer, as late as Linux's timer wheel lets it fire.

        It counts whole ticks, and eight at a time when the delay has 63 ticks or more.
        """
        ticks = math.ceil(delay_ms / _TICK_MS)
        grain = 1 if ticks < _FINE_TICKS else _COARSE_TICKS
        now = math.floor((self._now + self._phase_ms) / _TICK_MS)
        due = -(-(now + ticks) // grain) * grain
        self._order += 1
        self._timer = (timer, self._order)
        self._push(due * _TICK_MS - self._phase_ms, _Kind.TIMER, self._order, 0)

    def _set_timer(self) -> None:
        if not self._schedule_probe():
            self._rearm_timeout()

    def _rearm_timeout(self) -> None:
        if not self._board.outstanding:
            self._timer = None
            return
        rto_ms = self._rto_ms()
        if self._is_armed(_Timer.PROBE) or self._is_armed(_Timer.REORDER):
            rto_ms = max(rto_ms - (self._now - self._board.head.sent_ms), 0.001)
        self._arm(_Timer.TIMEOUT, rto_ms)

    def _schedule_probe(self) -> bool:
        """Set the timer for a tail loss probe, in quiet times only."""
        board = self._board
        if self._state is not _State.OPEN or board.sacked or not board.outstanding:
            return False
        slack_ms = _RTO_MIN_MS if board.outstanding == 1 else _LEAST_TIMEOUT_MS
        left_ms = self._rto_ms() - (self._now - board.head.sent_ms)
        probe_ms = 2 * self._srtt_ms + slack_ms
        self._arm(_Timer.PROBE, min(probe_ms, left_ms) if left_ms > 0 else probe_ms)
        return True

    def _expire(self, timer: _Timer) -> None:
        self._timer = None
        if not self._board.outstanding:
            return
        if timer is _Timer.REORDER:
            self._stop_waiting()
        elif timer is _Timer.PROBE:
            self._probe()
        else:
            self._time_out()

    def _stop_waiting(self) -> None:
        """Mark as lost what was only suspect until now."""
        board = self._board
        window_ms = board.window_ms(self._srtt_ms) if self._state is _State.OPEN else 0.0
        found, _, _ = board.find_lost(self._now, window_ms)
        if found:
            if self._state is not _State.RECOVERY:
                self._enter_recovery()
                self._window.reduce(1, board.in_flight, advanced=False, more_lost=True)
            self._transmit()
        if not self._is_armed(_Timer.TIMEOUT):
            self._rearm_timeout()

    def _probe(self) -> None:
        """Send something new, or the last segment again, to provoke an answer."""
        board = self._board
        if self._probe_high is None:
            self._probe_again = self._unsent >= self._written
            if self._probe_again:
                self._send(len(board.segments) - 1)
            else:
                self._send_new()
            self._probe_high = len(board.segments)
        self._rearm_timeout()

    def _time_out(self) -> None:
        board, window = self._board, self._window
        in_recovery = self._state is _State.RECOVERY or (
            self._state is _State.LOSS and self._timeouts > 0
        )
        afresh = not in_recovery or self._high <= board.una
        if afresh:
            self._before_loss = (window.size, window.threshold)
        self._frto = self._state is _State.OPEN or self._timeouts > 0
        board.give_up_all(self._now)
        window.collapse(board.in_flight, afresh=afresh)
        self._state = _State.LOSS
        self._high = len(board.segments)
        self._probe_high = None
        self._timeouts += 1
        self._backoff = min(self._backoff * 2, 1 << 12)
        self._send(board.una)
        self._arm(_Timer.TIMEOUT, self._rto_ms())

    def _push(self, at_ms: float, kind: _Kind, number: int, extra: int) -> None:
        self._order += 1
        heapq.heappush(self._events, (at_ms, self._order, kind, number, extra))
