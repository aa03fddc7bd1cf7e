"""What went wrong in a run: each kind of fault, how often, and the first words of it."""

from collections import Counter
from dataclasses import dataclass

from harness.errors import Party, Phase
from harness.model import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """One kind of fault.

    Attributes:
        party: Whose fault it was.
        phase: What was going on.
        code: What it is counted by.
        of: What carried it: a `turn`, a `session`, or the `greeting` that a caller waited for.
        words: The first words that came with it.
        count: How often.
    """

    party: Party
    phase: Phase
    code: str
    of: str
    words: str
    count: int


def fault_counts(run: Run) -> tuple[FaultCount, ...]:
    """Count the faults of turns, sessions and greetings, the most frequent first."""
    found = [("turn", turn.fault) for turn in run.turns]
    found += [("session", session.fault) for session in run.sessions]
    found += [("greeting", session.greeting_fault) for session in run.sessions]
    counts: Counter[tuple[Party, Phase, str, str]] = Counter()
    words: dict[tuple[Party, Phase, str, str], str] = {}
    for of, fault in found:
        if fault is not None:
            key = (fault.party, fault.phase, fault.code, of)
            counts[key] += 1
            words.setdefault(key, fault.detail)
    return tuple(
        FaultCount(
            party=key[0], phase=key[1], code=key[2], of=key[3], words=words[key], count=count
        )
        for key, count in counts.most_common()
    )
