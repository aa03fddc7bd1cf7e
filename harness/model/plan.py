"""A call as it stands before anything is sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What one caller is going to do; drawn from seeds before the call starts.

    Attributes:
        number: Position in the schedule, unique in the run.
        network: Name of the network profile.
        utterance_ids: What is said, one per turn.
        think_ms: Silence before each utterance: after the session is ready for the first, after
            the reply has been heard for the others. As long as `utterance_ids`.
        phase_ns: Offset of the caller's frame grid, so that callers do not send in step.
    """

    number: int
    network: str
    utterance_ids: tuple[str, ...]
    think_ms: tuple[float, ...]
    phase_ns: int = 0

    def __post_init__(self) -> None:
        """Refuse a call that cannot be held."""
        if not self.utterance_ids:
            raise ValueError("a call needs at least one utterance")
        if len(self.think_ms) != len(self.utterance_ids):
            raise ValueError("think_ms must be as long as utterance_ids")
        if any(pause < 0 for pause in self.think_ms):
            raise ValueError("think_ms must not be negative")
