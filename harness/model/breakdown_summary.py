"""The parts of a summary that say where a run went wrong: its faults, and its worst calls."""

from dataclasses import dataclass

from harness.errors import Party, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSummary:
    """One kind of fault.

    Attributes:
        party: Whose fault it was.
        phase: What was going on.
        code: What it is counted by.
        of: What carried it: a `turn`, a `session`, or the `greeting` that a caller waited for.
        words: The first words that came with it.
        count: How often.
        first_s: When its first turn or session was under way, since run start; `None` where no
            instant of any is known.
        last_s: Likewise of the last.
    """

    party: Party
    phase: Phase
    code: str
    of: str
    words: str
    count: int
    first_s: float | None = None
    last_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One call, as bad as its worst turn; turns that we ourselves spoiled are not looked at.

    Attributes:
        session_id: Our name for its session.
        network: Name of the network profile.
        user_class: The scenario's user class; empty where it is not known.
        turns: Its turns that count.
        failed: Of them, those that the API failed.
        turn_index: The worst turn: one that was not heard, otherwise the slowest.
        slowest_ms: Largest voice_to_voice; `None` where no turn was heard.
        fault: Party, phase and code of the worst turn's fault, else of the session's.
    """

    session_id: str
    network: str
    user_class: str
    turns: int
    failed: int
    turn_index: int
    slowest_ms: float | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsSummary:
    """Calls as their callers met them.

    Attributes:
        n: Calls with turns that count.
        failed: Of them, those with a turn that the API failed.
        share: Their share; `None` without any call.
        low: Lower end of its interval (Wilson; calls are independent of each other).
        high: Upper end.
        worst: The worst of them, the worst first.
    """

    n: int
    failed: int
    share: float | None
    low: float | None
    high: float | None
    worst: tuple[CallSummary, ...] = ()
