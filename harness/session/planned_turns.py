"""The turns of a call's plan, in order: those that begin, and those that never do."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import Fault
from harness.model import NS_PER_MS, CallPlan, TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.session.behaviour import Behaviour
from harness.session.encoded_utterance import EncodedUtterance, WireFormat, hesitant
from harness.session.grid import FrameGrid
from harness.session.turn.planned_speech import PlannedSpeech


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """A turn that begins.

    Attributes:
        spoken: What is said, on the clock.
        utterance: Its frames.
        behaviour: What the caller does while the response is heard, `None` where the plan says
            nothing.
    """

    spoken: PlannedSpeech
    utterance: EncodedUtterance
    behaviour: Behaviour | None


class PlannedTurns:
    """The turns of one call that have not begun.

    Args:
        session_id: Whose they are.
        plan: What the caller is going to do.
        utterances: What is said, one per turn of the plan.
        wire_format: How it goes on the wire.
        backchannel: What the caller gives as backchannel where the plan says so.
    """

    def __init__(
        self,
        session_id: str,
        plan: CallPlan,
        utterances: Sequence[EncodedUtterance],
        wire_format: WireFormat,
        backchannel: EncodedUtterance | None,
    ) -> None:
        self._session_id, self._plan, self._utterances = session_id, plan, utterances
        self._wire, self._backchannel = wire_format, backchannel
        self._next = 0

    def __len__(self) -> int:
        """Return how many turns the plan has, begun or not."""
        return len(self._utterances)

    @property
    def has_more(self) -> bool:
        """Whether turns of the plan have not begun."""
        return self._next < len(self._utterances)

    @property
    def think_ns(self) -> int:
        """How long the caller thinks before the next turn; after the last one, as before it."""
        turn = min(self._next, len(self._utterances) - 1)
        return round(self._plan.think_ms[turn] * NS_PER_MS)

    def begin(self, frame: int, grid: FrameGrid) -> PlannedTurn:
        """Begin the next turn.

        Args:
            frame: Number of the frame it begins with.
            grid: When that frame is spoken.
        """
        turn, wire, plan = self._next, self._wire, self._plan
        utterance, behaviour = self._utterances[turn], None
        if plan.behaviours:
            asked = plan.behaviours[turn]
            if asked.hesitation_ms:
                utterance = hesitant(utterance, wire, asked.hesitation_ms, asked.hesitation_at)
            after = self._utterances[turn + 1] if turn + 1 < len(self._utterances) else None
            behaviour = Behaviour(asked, self._backchannel, after, wire)
        condition, original_id = plan.condition(turn)
        first = frame * wire.frame_samples
        spoken = PlannedSpeech(
            session_id=self._session_id,
            turn_index=turn,
            network=plan.network,
            utterance_id=utterance.utterance_id,
            condition=condition,
            original_id=original_id,
            user_class=plan.user_class,
            onset_ns=grid.sample_ns(first + utterance.onset_sample),
            end_ns=grid.sample_ns(first + utterance.end_sample),
            end_sample=first + utterance.end_sample,
            end_due_ns=grid.due_ns(frame + utterance.end_sample // wire.frame_samples),
            limit_ns=wire.limit_ns,
        )
        self._next += 1
        return PlannedTurn(spoken, utterance, behaviour)

    def silence(self, now_ns: int) -> PlannedSpeech:
        """Return what a caller says who listens to a greeting from `now_ns` on: nothing."""
        return PlannedSpeech(
            session_id=self._session_id,
            turn_index=self._next,
            network=self._plan.network,
            utterance_id="",
            onset_ns=now_ns,
            end_ns=now_ns,
            end_sample=0,
            end_due_ns=now_ns,
            limit_ns=self._wire.limit_ns,
        )

    def not_begun(self, status: TurnStatus, fault: Fault, at: TurnInstants) -> TurnRecord:
        """Return the record of the next turn, which never begins.

        Args:
            status: How it counts.
            fault: Why.
            at: Instants of the session.
        """
        turn, self._next = self._next, self._next + 1
        condition, original_id = self._plan.condition(turn)
        return TurnRecord(
            session_id=self._session_id,
            turn_index=turn,
            kind=TurnKind.FIRST if turn == 0 else TurnKind.LATER,
            status=status,
            network=self._plan.network,
            utterance_id=self._utterances[turn].utterance_id,
            condition=condition,
            original_id=original_id,
            user_class=self._plan.user_class,
            limit_ms=self._wire.limit_ns / NS_PER_MS,
            at=at,
            fault=fault,
        )
