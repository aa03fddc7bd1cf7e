"""A caller who interrupts a response: two turns at once, and to which of them each event belongs.

As soon as the caller begins, the next turn exists, while the response of the one before is still
heard. The server's first report of speech stops the response, as in common clients: what was not
played yet is discarded. Later audio of that response is counted, not heard.

Events that name a response belong to the turn of that response. Without names, and for responses
not seen before, the order decides: until the server has reported the caller's speech, or the caller
has ended, events are still of the old response. A server that reports nothing but begins another
response has thereby stopped the old one. A carrier plays what it has before what comes, unless that
is taken back: there the old response goes on, and the new one is heard after it.
"""

from harness.errors import Fault, Party, Phase
from harness.model import (
    ERROR_LIMIT_NS,
    NS_PER_MS,
    AudioDelta,
    BargeIn,
    CutOff,
    Event,
    InputCommitted,
    OfResponse,
    PlaybackCleared,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    StampBound,
)
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.machine import Turn
from harness.session.turn.response_state import ResponseState


class Interruption:
    """One response that is interrupted; all times are monotonic nanoseconds.

    Args:
        old: The turn whose response it is.
        new: The turn that interrupts it.
        queued: Audio is played in the order in which it came, until it is taken back.

    Attributes:
        old: The turn whose response it is.
    """

    def __init__(self, old: Turn, new: Turn, *, queued: bool = False) -> None:
        self.old, self._new, self._queued = old, new, queued
        self._ack_ns: int | None = None
        self._stopped_ns: int | None = None
        self._talked_over_ns: int | None = None
        self._cleared_ns: int | None = None
        self._resumed_ns: int | None = None
        # Whether the server was still sending when the caller began, so that it can have stopped.
        self._was_sending = False
        self._late_ns = 0
        # Whether an event without a name must be of the new turn's response.
        self._passed_on = False
        self._outcome: BargeIn | None = None

    def receive(
        self, event: Event, now_ns: int, bound: StampBound | None = None
    ) -> tuple[bool, CutOff | None]:
        """Take an event that arrived at `now_ns`, or earlier by no more than `bound` if known.

        Returns:
            Whether it was about the old response, so that the new turn must not have it, and what
            the server is to be sent about what was heard of that response.
        """
        old = self._is_of_old(event, now_ns)
        cut: CutOff | None = None
        if isinstance(event, SpeechStarted | PlaybackCleared):
            cut = self._noticed(now_ns)
            if isinstance(event, PlaybackCleared):
                self._cleared_ns = now_ns
        elif isinstance(event, SpeechStopped | InputCommitted):
            self._passed_on = True
        elif old and isinstance(event, ResponseDone):
            if event.status is ResponseStatus.CANCELLED:
                cut = self._noticed(now_ns)
        elif not old and isinstance(event, ResponseCreated | AudioDelta):
            self._passed_on = True
            if not self._queued:
                cut = self._stop(now_ns)
            elif (plays_until_ns := self.old.playout_end_ns) is not None:
                self._new.hold_back(plays_until_ns)
        if old and isinstance(event, AudioDelta) and self._cleared_ns is not None:
            self._resumed_ns = self._resumed_ns or now_ns
        if old:
            faded_ns = self.old.faded_ns
            self.old.receive(event, now_ns, bound)
            # The silence that some servers send between responses is nothing that they could stop.
            if now_ns > self._new.spoken.onset_ns and self.old.faded_ns != faded_ns:
                self._was_sending = True
        return old, cut

    def stop_speaking(self, now_ns: int) -> CutOff | None:
        """Stop the old response as a carrier does that speaks it: as soon as the caller begins."""
        return self._stop(now_ns)

    def finalise(self, now_ns: int, *, cut: bool) -> BargeIn:
        """Determine the outcome, once; no further event is expected.

        Args:
            now_ns: When.
            cut: The session broke off.
        """
        if self._outcome is None:
            self._outcome = self._classify(now_ns, cut=cut)
        return self._outcome

    def effect(self) -> BargeInEffect | None:
        """Return what the new turn records of it, once it is finalised; `None` when it missed."""
        outcome = self._outcome
        if outcome is None or outcome is BargeIn.MISSED:
            return None
        return BargeInEffect(
            ack_ns=self._ack_ns,
            stopped_ns=self._stopped_ns,
            talked_over_ns=self._talked_over_ns,
            resumed_ns=self._resumed_ns,
            fault=self._fault(outcome),
        )

    def _is_of_old(self, event: Event, now_ns: int) -> bool:
        if not isinstance(event, OfResponse):
            return False
        response = event.response_id
        if response and response in self.old.ids.seen:
            return True
        if response or isinstance(event, ResponseCreated):
            known = response and response in self._new.ids.seen
            noticed = self._ack_ns is not None or self._passed_on
            return not (known or noticed or now_ns >= self._new.spoken.end_ns)
        return not (self._passed_on or now_ns >= self._new.spoken.end_ns)

    def _noticed(self, now_ns: int) -> CutOff | None:
        """Take the server's report that it detected the caller."""
        if self._ack_ns is not None:
            return None
        self._ack_ns = now_ns
        return self._stop(now_ns)

    def _stop(self, now_ns: int) -> CutOff | None:
        """Stop the old response, where it is still playing."""
        playing_until_ns = self.old.playout_end_ns
        was_playing = playing_until_ns is not None and now_ns < playing_until_ns
        cut = self.old.interrupt(now_ns)
        if was_playing:
            self._stopped_ns = self.old.playout_end_ns
            self._late_ns = self._new.sending.late_max_ns
        return cut

    def _classify(self, now_ns: int, *, cut: bool) -> BargeIn:
        onset_ns = self._new.spoken.onset_ns
        if self._stopped_ns is not None:
            # Our own lateness would be attributed to the server.
            if self._late_ns > ERROR_LIMIT_NS:
                self._stopped_ns = None
            return BargeIn.STOPPED
        ended_ns = self.old.faded_ns
        if ended_ns is None or ended_ns <= onset_ns:
            return BargeIn.MISSED
        if now_ns < ended_ns and cut:
            return BargeIn.CUT
        if self._ack_ns is not None:
            return BargeIn.ENDED_FIRST
        over = self.old.response_state is ResponseState.OVER
        if self._was_sending and not over and now_ns >= ended_ns:
            # A server that reports nothing and falls silent has stopped.
            self._stopped_ns = ended_ns
            return BargeIn.STOPPED
        self._talked_over_ns = min(ended_ns, now_ns)
        return BargeIn.DEAF

    def _fault(self, outcome: BargeIn) -> Fault | None:
        """Return why there is no instant at which the response was stopped."""
        phase, stopped = Phase.PLAYOUT, self._stopped_ns
        if stopped is not None:
            return None
        if outcome is BargeIn.STOPPED:
            words = f"interrupting frames left up to {self._late_ns / NS_PER_MS:.0f} ms late"
            return Fault(Party.OURS, Phase.SEND, "late_interruption", words)
        if outcome is BargeIn.ENDED_FIRST:
            words = "the response ended before the server could have heard the caller"
            return Fault(Party.UNKNOWN, phase, "ended_first", words)
        if outcome is BargeIn.CUT:
            return Fault(Party.UNKNOWN, phase, "cut", "the session ended while both spoke")
        talked_over_ns = self._talked_over_ns or self._new.spoken.onset_ns
        over_ms = (talked_over_ns - self._new.spoken.onset_ns) / NS_PER_MS
        words = f"the response went on for {over_ms:.0f} ms over the caller and was never stopped"
        return Fault(Party.THEIRS, phase, "deaf", words)
