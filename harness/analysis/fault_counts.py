"""What went wrong in a run: each kind of fault, how often, when, and the first words of it."""

from collections.abc import Iterable, Iterator

from harness.analysis.rounding import rounded
from harness.errors import Fault, Party, Phase
from harness.model import NS_PER_S, Run, SessionRecord, TurnRecord
from harness.model.breakdown_summary import FaultSummary

_Key = tuple[Party, Phase, str, str]


def fault_counts(run: Run) -> tuple[FaultSummary, ...]:
    """Count the faults of turns, sessions and greetings, the most frequent first."""
    found: dict[_Key, list[tuple[Fault, int | None]]] = {}
    for of, fault, at_ns in _faults(run):
        found.setdefault((fault.party, fault.phase, fault.code, of), []).append((fault, at_ns))
    ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
    return tuple(_summary(key, each) for key, each in ordered)


def by_party_and_phase(
    counts: Iterable[FaultSummary],
) -> dict[Party, dict[Phase, int]]:
    """Add counts up: whose fault it was, and in which phase."""
    sums: dict[Party, dict[Phase, int]] = {}
    for one in counts:
        row = sums.setdefault(one.party, {})
        row[one.phase] = row.get(one.phase, 0) + one.count
    return sums


def _faults(run: Run) -> Iterator[tuple[str, Fault, int | None]]:
    for turn in run.turns:
        if turn.fault is not None:
            yield "turn", turn.fault, _turn_at(turn)
    for session in run.sessions:
        if session.fault is not None:
            yield "session", session.fault, session.closed_ns or _opened(session)
        if session.greeting_fault is not None:
            yield "greeting", session.greeting_fault, session.ready_ns or _opened(session)


def _turn_at(turn: TurnRecord) -> int | None:
    """Return when the turn was under way: the end of its speech, or what is known before it."""
    at = turn.at
    instants = (at.speech_end_ns, at.speech_onset_ns, at.session_open_start_ns)
    return next((one for one in instants if one is not None), at.scheduled_start_ns)


def _opened(session: SessionRecord) -> int | None:
    return session.scheduled_start_ns if session.open_start_ns is None else session.open_start_ns


def _summary(key: _Key, each: list[tuple[Fault, int | None]]) -> FaultSummary:
    party, phase, code, of = key
    known = [at_ns / NS_PER_S for _, at_ns in each if at_ns is not None]
    return FaultSummary(
        party=party,
        phase=phase,
        code=code,
        of=of,
        words=each[0][0].detail,
        count=len(each),
        first_s=rounded(min(known, default=None)),
        last_s=rounded(max(known, default=None)),
    )
