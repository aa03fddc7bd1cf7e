"""The turns of a call, in order: those that begin, and those that never do.

A plan says all of them before the call; an open-ended one is told them while the call goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import Fault
from harness.model import (
    NS_PER_MS,
    CallPlan,
    TurnBehaviour,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session.behaviour import Behaviour
from harness.session.encoded_utterance import EncodedUtterance, WireFormat, hesitant
from harness.session.grid import FrameGrid
from harness.session.turn.planned_speech import PlannedSpeech


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What is said in one turn, and how.

    Attributes:
        utterance: Its frames.
        think_ms: Silence before it, from when the response before has been heard.
        behaviour: How it is spoken and its response listened to, `None` for plainly.
        condition: What was done to its recording; empty for an original.
        original_id: The same for one utterance under every condition; empty for an original.
    """

    utterance: EncodedUtterance
    think_ms: float
    behaviour: TurnBehaviour | None = None
    condition: str = ""
    original_id: str = ""


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
        self._session_id, self._plan = session_id, plan
        self._sayings = [
            Saying(
                utterance=utterance,
                think_ms=plan.think_ms[turn],
                behaviour=plan.behaviours[turn] if plan.behaviours else None,
                condition=plan.condition(turn)[0],
                original_id=plan.condition(turn)[1],
            )
            for turn, utterance in enumerate(utterances)
        ]
        # A carrier makes no prompt of a backchannel, so that nothing of it would go out.
        self._wire, self._backchannel = wire_format, None if wire_format.in_text else backchannel
        self._next, self._open_ended = 0, plan.open_ended

    def __len__(self) -> int:
        """Return how many turns there are so far, begun or not."""
        return len(self._sayings)

    @property
    def has_more(self) -> bool:
        """Whether there are turns that have not begun."""
        return self._next < len(self._sayings)

    @property
    def is_complete(self) -> bool:
        """Whether every turn has begun, and no more will be told."""
        return not self.has_more and not self._open_ended

    @property
    def think_ns(self) -> int:
        """How long the caller thinks before the next turn; after the last one, as before it."""
        if not self._sayings:
            return 0
        turn = min(self._next, len(self._sayings) - 1)
        return round(self._sayings[turn].think_ms * NS_PER_MS)

    def add(self, saying: Saying) -> None:
        """Take one more turn, after those that there are."""
        self._sayings.append(saying)

    def end(self) -> None:
        """Note that no more turns will be told."""
        self._open_ended = False

    def begin(self, frame: int, grid: FrameGrid, thinks_from_ns: int | None = None) -> PlannedTurn:
        """Begin the next turn.

        Args:
            frame: Number of the frame it begins with.
            grid: When that frame is spoken.
            thinks_from_ns: Since when the caller has been thinking; `None` where the turn
                interrupts a response.
        """
        turn, wire, plan = self._next, self._wire, self._plan
        saying = self._sayings[turn]
        utterance, behaviour, asked = saying.utterance, None, saying.behaviour
        if asked is not None:
            if asked.hesitation_ms:
                utterance = hesitant(utterance, wire, asked.hesitation_ms, asked.hesitation_at)
            after = self._sayings[turn + 1].utterance if turn + 1 < len(self._sayings) else None
            behaviour = Behaviour(asked, self._backchannel, after, wire)
        first = frame * wire.frame_samples
        end_due_ns = grid.due_ns(frame + utterance.end_sample // wire.frame_samples)
        thought_ns = None if thinks_from_ns is None else grid.sample_ns(first) - thinks_from_ns
        spoken = PlannedSpeech(
            session_id=self._session_id,
            turn_index=turn,
            think_asked_ns=None if thought_ns is None else round(saying.think_ms * NS_PER_MS),
            think_ns=thought_ns,
            network=plan.network,
            utterance_id=utterance.utterance_id,
            condition=saying.condition,
            original_id=saying.original_id,
            user_class=plan.user_class,
            onset_ns=grid.sample_ns(first + utterance.onset_sample),
            # A prompt is due at one instant, with nothing of the caller's after it.
            end_ns=end_due_ns if wire.in_text else grid.sample_ns(first + utterance.end_sample),
            end_sample=first + utterance.end_sample,
            end_due_ns=end_due_ns,
            limit_ns=wire.limit_ns,
            words=utterance.words,
            said=utterance.said(grid.sample_ns(first)),
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
        saying = self._sayings[turn]
        return TurnRecord(
            session_id=self._session_id,
            turn_index=turn,
            kind=TurnKind.FIRST if turn == 0 else TurnKind.LATER,
            status=status,
            network=self._plan.network,
            utterance_id=saying.utterance.utterance_id,
            condition=saying.condition,
            original_id=saying.original_id,
            user_class=self._plan.user_class,
            limit_ms=self._wire.limit_ns / NS_PER_MS,
            at=at,
            fault=fault,
        )
