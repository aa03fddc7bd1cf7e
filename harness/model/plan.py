"""A call as it stands before anything is sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnBehaviour:
    """How one utterance is spoken and its response listened to, as far as a script says so.

    Attributes:
        barge_in_ms: When the caller begins to interrupt the response, from its first audible
            sample; `None` to hear it out.
        backchannels_ms: When the caller gives backchannels, from the response's first audible
            sample.
        hesitation_ms: Length of a pause inside the utterance; 0 for none.
        hesitation_at: Where in the utterance's speech, as a share of it.
        expected_tool: The tool the agent is expected to use; empty for none.
        tool_ms: How long the caller's application takes to answer a tool call.
        expected_words: Words that are expected in the agent's transcript, in any case of letters.
        within_ms: In which time the answer is expected; `None` for no such limit.
    """

    barge_in_ms: float | None = None
    backchannels_ms: tuple[float, ...] = ()
    hesitation_ms: float = 0.0
    hesitation_at: float = 0.5
    expected_tool: str = ""
    tool_ms: float = 0.0
    expected_words: tuple[str, ...] = ()
    within_ms: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        times = (self.barge_in_ms or 0.0, self.hesitation_ms, self.tool_ms, *self.backchannels_ms)
        if min(times) < 0 or not 0 < self.hesitation_at < 1:
            raise ValueError("a behaviour needs times from 0 up and a place inside the speech")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What one caller is going to do; drawn from seeds before the call starts.

    Attributes:
        number: Position in the schedule, unique in the run.
        network: Name of the network profile.
        utterance_ids: What is said, one per turn.
        think_ms: Silence before each utterance: after the session is ready for the first, after
            the response has been heard for the others. As long as `utterance_ids`.
        phase_ns: Offset of the caller's frame grid, so that callers do not send in step.
        dialogue: Name of the script the call follows; empty for none.
        behaviours: What the script says of each turn; empty, or as long as `utterance_ids`.
        conditions: What was done to each utterance's recording, by name; empty, or as long as
            `utterance_ids`.
        original_ids: The same for one utterance under every condition; likewise.
        agent_speaks_first: The caller hears out the agent's greeting before the first utterance.
        backchannel_id: The utterance given as a backchannel; empty for a generated sound.
        user_class: The scenario's user class that holds it; empty where it is not known.
        open_ended: What is said is told while the call goes on, utterance by utterance.
        answers_tools: The caller's application answers tool calls, whatever `behaviours` expect.
        group: The calls of a group say the same words, each under a condition of its own; `None`
            where they are not paired. For a call that is told what is said.
        spoken_under: That condition.
        hangs_up: The caller hangs up after a turn without an answer, where others go on.
    """

    number: int
    network: str
    utterance_ids: tuple[str, ...]
    think_ms: tuple[float, ...]
    phase_ns: int = 0
    dialogue: str = ""
    behaviours: tuple[TurnBehaviour, ...] = ()
    backchannel_id: str = ""
    agent_speaks_first: bool = False
    conditions: tuple[str, ...] = ()
    original_ids: tuple[str, ...] = ()
    user_class: str = ""
    open_ended: bool = False
    answers_tools: bool = False
    hangs_up: bool = False
    group: int | None = None
    spoken_under: str = ""

    def condition(self, turn: int) -> tuple[str, str]:
        """Return the condition and the original id of a turn's utterance; empty for an original."""
        if not self.conditions:
            return "", ""
        return self.conditions[turn], self.original_ids[turn]

    @property
    def gives_backchannels(self) -> bool:
        """Whether the caller gives backchannels at all."""
        return any(behaviour.backchannels_ms for behaviour in self.behaviours)

    @property
    def recording_ids(self) -> tuple[str, ...]:
        """All recordings that the call needs, in the order of `utterance_ids`."""
        backchannel = (
            (self.backchannel_id,) if self.gives_backchannels and self.backchannel_id else ()
        )
        return (*self.utterance_ids, *backchannel)

    def __post_init__(self) -> None:
        """Refuse a call that cannot be held."""
        if not self.utterance_ids and not self.open_ended:
            raise ValueError("a call needs at least one utterance")
        if len(self.think_ms) != len(self.utterance_ids):
            raise ValueError("think_ms must be as long as utterance_ids")
        if self.behaviours and len(self.behaviours) != len(self.utterance_ids):
            raise ValueError("behaviours must be empty or as long as utterance_ids")
        if len(self.conditions) != len(self.original_ids) or (
            self.conditions and len(self.conditions) != len(self.utterance_ids)
        ):
            raise ValueError("conditions and original_ids go together, one per utterance or none")
        if any(pause < 0 for pause in self.think_ms):
            raise ValueError("think_ms must not be negative")
