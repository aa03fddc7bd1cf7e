"""What a caller does while a response is heard: give backchannels, and interrupt.

Offsets count from the first audible sample of the response. Nothing here is evaluated frame by
frame: `next_ns` says when the caller speaks next, and until then there is only silence.
"""

from dataclasses import replace

from harness.model import NS_PER_MS, BargeIn, BehaviourOutcome, TurnBehaviour, ns_from_samples
from harness.session.encoded_utterance import EncodedUtterance, WireFormat
from harness.session.said import Said
from harness.session.turn.tool_use import ToolUse

# How long after a backchannel a server may still report that it detected speech.
SPEECH_REPORT_NS = 1_000 * NS_PER_MS


class Behaviour:
    """Carries out the planned behaviour of one turn; all times are monotonic nanoseconds.

    Args:
        plan: What the script says.
        backchannel: What the caller gives as backchannel, `None` for a caller who gives none.
        interruption: What would be said into the response, `None` for nothing.
        wire_format: How frames are sent.

    Attributes:
        backchannels: Those that were given.
    """

    def __init__(
        self,
        plan: TurnBehaviour,
        backchannel: EncodedUtterance | None,
        interruption: EncodedUtterance | None,
        wire_format: WireFormat,
    ) -> None:
        self.plan = plan
        self._backchannel, self._wire_format = backchannel, wire_format
        self._offsets_ns = (
            [round(at * NS_PER_MS) for at in plan.backchannels_ms] if backchannel else []
        )
        self._offsets_ns.sort(reverse=True)
        self._lead_ns = 0 if backchannel is None else self._length_ns(backchannel.onset_sample)
        self._cut_in_ns: int | None = None
        if interruption is not None:
            self.interrupt_with(interruption)
        self._frame = 0
        self._listens_until_ns: int | None = None
        self.backchannels: list[Said] = []
        self._taken = 0

    def interrupt_with(self, interruption: EncodedUtterance) -> None:
        """Note what is said into the response, where the plan says that one is."""
        if self.plan.barge_in_ms is not None:
            # Its speech is to begin at the offset, so what goes before that begins earlier.
            lead_ns = self._length_ns(interruption.onset_sample)
            self._cut_in_ns = max(0, round(self.plan.barge_in_ms * NS_PER_MS) - lead_ns)

    def hear_out(self) -> None:
        """Interrupt the response no more: nothing is left to be said."""
        self._cut_in_ns = None
        self.plan = replace(self.plan, barge_in_ms=None)

    @property
    def speaking(self) -> bool:
        """Whether a backchannel is under way."""
        return self._frame > 0

    def cuts_in_ns(self, heard_ns: int | None) -> int | None:
        """Return when the caller begins to interrupt, `None` for not at all or not known yet.

        Args:
            heard_ns: When the first sample of the response is heard.
        """
        if heard_ns is None or self._cut_in_ns is None:
            return None
        return heard_ns + self._cut_in_ns

    def next_ns(self, heard_ns: int | None) -> int | None:
        """Return when the caller next does anything but listen."""
        if self.speaking:
            return 0
        cut_in_ns = self.cuts_in_ns(heard_ns)
        if heard_ns is None or not self._offsets_ns:
            return cut_in_ns
        backchannel_ns = heard_ns + self._offsets_ns[-1] - self._lead_ns
        return backchannel_ns if cut_in_ns is None else min(backchannel_ns, cut_in_ns)

    def backchannel_frame(self, frame_start_ns: int, heard_ns: int | None) -> bytes | None:
        """Return the frame of a backchannel that begins or continues now, `None` for silence."""
        backchannel = self._backchannel
        if backchannel is None:
            return None
        if not self.speaking:
            if heard_ns is None or not self._offsets_ns:
                return None
            if frame_start_ns < heard_ns + self._offsets_ns[-1] - self._lead_ns:
                return None
            self._begin(backchannel, frame_start_ns, heard_ns)
        message = backchannel.messages[self._frame]
        self._frame = (self._frame + 1) % len(backchannel.messages)
        return message

    def was_taken_for_a_turn(self, now_ns: int) -> bool:
        """Take a server's report of speech; return whether it is due to a backchannel."""
        if self._listens_until_ns is None or now_ns > self._listens_until_ns:
            return False
        self._listens_until_ns = None
        self._taken += 1
        return True

    def outcome(self, tools: ToolUse, barge_in: BargeIn | None) -> BehaviourOutcome | None:
        """Return the outcome, `None` when nothing was planned and nothing happened.

        Args:
            tools: Tools that were called.
            barge_in: What came of an interruption, `None` when there was none.
        """
        plan = self.plan
        if barge_in is None and plan.barge_in_ms is not None:
            barge_in = BargeIn.MISSED
        told = BehaviourOutcome(
            barge_in=barge_in,
            backchannels=len(self.backchannels),
            backchannels_taken=self._taken,
            hesitation_ms=plan.hesitation_ms,
            expected_tool=plan.expected_tool,
        )
        told = tools.outcome(told)
        return None if told == BehaviourOutcome() else told

    def _begin(self, backchannel: EncodedUtterance, frame_start_ns: int, heard_ns: int) -> None:
        """Begin a backchannel; others that would overlap it are left out."""
        self.backchannels.append(backchannel.said(frame_start_ns))
        ends_ns = frame_start_ns + self._length_ns(
            len(backchannel.messages) * self._wire_format.frame_samples
        )
        self._listens_until_ns = ends_ns + SPEECH_REPORT_NS
        while self._offsets_ns and heard_ns + self._offsets_ns[-1] - self._lead_ns < ends_ns:
            self._offsets_ns.pop()

    def _length_ns(self, samples: int) -> int:
        return ns_from_samples(samples, self._wire_format.rate_hz)
