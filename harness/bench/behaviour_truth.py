"""What runs measured of interruptions, tools, endpoints and faults, beside the simulator's truth.

Pure: records in, differences out. Turns that our own lateness made void prove nothing and are left
out; the truth of the same instants is the simulator's, on the same monotonic clock.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.accuracy import true_endpoint_delay_ms
from harness.model import NS_PER_MS, BargeIn, Run, TruthRecord, TurnRecord, TurnStatus

STOP_BAR_MS, GAP_BAR_MS = 20.0, 5.0
# Of the two user classes of `two_classes.py`, which only Locust may import: it patches its process.
WEIGHTS = {"Frequent": 3, "Rare": 1}
TURNS = {"Frequent": 1, "Rare": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFinding:
    """Measured minus true, of one metric.

    Attributes:
        name: The metric.
        planned: Turns that were to have it.
        turns: Those that count, and whose truth is known.
        p50_ms: Median of the differences; `None` without a turn.
        p95_ms: 95th percentile of their size.
        worst_ms: The largest difference, in size.
        bar_ms: What neither percentile may be beyond.
    """

    name: str
    planned: int
    turns: int
    p50_ms: float | None
    p95_ms: float | None
    worst_ms: float | None
    bar_ms: float

    @property
    def holds(self) -> bool | None:
        """Whether both percentiles are within the bar; `None` where nothing was measured."""
        if self.p50_ms is None or self.p95_ms is None:
            return None
        return abs(self.p50_ms) <= self.bar_ms and self.p95_ms <= self.bar_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFinding:
    """A fault that was planted in the first turn of calls.

    Attributes:
        name: Its name, as the simulator calls it.
        planted: Turns that it was applied to, by the truth, and that are not void.
        recognised: Of them, turns whose record says so.
        mistaken: Turns without it whose record says so too; `None` where the record of a turn
            that it was not planted in is to say the same.
        sign: What in the record says so.
    """

    name: str
    planted: int
    recognised: int
    mistaken: int | None
    sign: str

    @property
    def holds(self) -> bool | None:
        """Whether exactly the planted ones were recognised; `None` where none was planted."""
        return self.recognised == self.planted and not self.mistaken if self.planted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealingFinding:
    """How the calls of two classes were dealt by one number of processes.

    Attributes:
        processes: How many held calls.
        schedule_hash: Digest of what was planned, from the manifest.
        said_hash: Digest of what was said in which call by which class, from the records.
        calls: Calls that were held, by class.
        turns_a_call: Turns of a call, by class; more than one number where calls differ.
    """

    processes: int
    schedule_hash: str
    said_hash: str
    calls: Mapping[str, int]
    turns_a_call: Mapping[str, tuple[int, ...]]


class Truth:
    """The simulator's records of one run.

    Args:
        records: All of them.
    """

    def __init__(self, records: Iterable[TruthRecord]) -> None:
        self._by_name: dict[tuple[str, str], TruthRecord] = {}
        self._of_turn: dict[tuple[str, int], list[TruthRecord]] = {}
        for record in records:
            self._by_name[record.session_id, record.response_id] = record
            self._of_turn.setdefault((record.session_id, record.turn_index), []).append(record)

    def of(self, turn: TurnRecord) -> list[TruthRecord]:
        """Return all responses of the turn that a caller's turn was to the simulator."""
        session = turn.provider_ids.get("session", "")
        named = self._by_name.get((session, turn.provider_ids.get("response", "")))
        return [] if named is None else self._of_turn[session, named.turn_index]

    def first(self, turn: TurnRecord) -> list[TruthRecord]:
        """Return the responses of a session's first turn, where `turn` is the first of its call."""
        if turn.turn_index:
            return []
        return self._of_turn.get((turn.provider_ids.get("session", ""), 0), [])

    def after_first(self, turn: TurnRecord) -> list[TruthRecord]:
        """Return the responses of the session's second turn."""
        return self._of_turn.get((turn.provider_ids.get("session", ""), 1), [])


def stop_error(run: Run, truth: Truth) -> ErrorFinding:
    """Compare when interrupted responses fell silent with when the simulator heard the caller."""

    def off_ms(turn: TurnRecord) -> float | None:
        stopped_ns = turn.at.audio_stopped_ns
        heard = next((one.heard_start_ns for one in truth.of(turn)), None)
        if stopped_ns is None or heard is None:
            return None
        return (stopped_ns + run.manifest.origin_ns - heard) / NS_PER_MS

    planned = [turn for turn in run.turns if turn.at.barge_in_onset_ns is not None]
    return _errors("barge_in_stop", planned, off_ms, STOP_BAR_MS)


def tool_gap_error(run: Run, truth: Truth) -> ErrorFinding:
    """Compare the gaps after calls of tools with what the simulator's own instants give."""

    def off_ms(turn: TurnRecord) -> float | None:
        called_ns = answered_ns = None
        for one in truth.of(turn):
            called_ns = one.tool_called_ns or called_ns
            answered_ns = one.first_audible_heard_ns or answered_ns
        at = turn.at
        if at.tool_call_ns is None or at.answer_audible_ns is None:
            return None
        if called_ns is None or answered_ns is None:
            return None
        return (at.answer_audible_ns - at.tool_call_ns - (answered_ns - called_ns)) / NS_PER_MS

    planned = [turn for turn in run.turns if turn.behaviour and turn.behaviour.expected_tool]
    return _errors("tool_gap", planned, off_ms, GAP_BAR_MS)


def endpoint_error(run: Run, truth: Truth) -> ErrorFinding:
    """Compare the delays of endpoints with those of the simulator's own decisions."""
    rate_hz = run.manifest.audio.rate_hz

    def off_ms(turn: TurnRecord) -> float | None:
        at = turn.at
        true_ms = next((true_endpoint_delay_ms(turn, one, rate_hz) for one in truth.of(turn)), None)
        if true_ms is None or at.server_endpoint_ns is None or at.speech_end_ns is None:
            return None
        return (at.server_endpoint_ns - at.speech_end_ns) / NS_PER_MS - true_ms

    return _errors("endpoint_delay", run.turns, off_ms, GAP_BAR_MS)


def _errors(
    name: str,
    planned: Sequence[TurnRecord],
    off_ms: Callable[[TurnRecord], float | None],
    bar_ms: float,
) -> ErrorFinding:
    counting = (off_ms(turn) for turn in planned if turn.status is not TurnStatus.VOID)
    found = sorted(error for error in counting if error is not None)
    sizes = sorted(map(abs, found))
    return ErrorFinding(
        name=name,
        planned=len(planned),
        turns=len(found),
        p50_ms=_rank(found, 50),
        p95_ms=_rank(sizes, 95),
        worst_ms=_rank(sizes, 100),
        bar_ms=bar_ms,
    )


def _rank(ascending: Sequence[float], percent: int) -> float | None:
    """Return the nearest rank, as everywhere; `None` of nothing."""
    if not ascending:
        return None
    return round(ascending[-(-len(ascending) * percent // 100) - 1], 3)


def is_premature(turn: TurnRecord) -> bool:
    """Tell whether a record says that the response began before the caller had ended."""
    return turn.status is TurnStatus.PREMATURE


def is_deaf(turn: TurnRecord) -> bool:
    """Tell whether a record says that the interruption was not heard."""
    return turn.behaviour is not None and turn.behaviour.barge_in is BargeIn.DEAF


def is_double(turn: TurnRecord) -> bool:
    """Tell whether a record has more responses than the turn and its tools ask for."""
    tools = 0 if turn.behaviour is None else len(turn.behaviour.tools)
    return (turn.counts.responses or 0) > 1 + tools


def was_silenced_in_time(turn: TurnRecord, run: Run, truth: Truth) -> bool:
    """Tell whether a record ends an interrupted response where the simulator heard the caller.

    What is delivered of the response after that is counted as received and not as heard.
    """
    heard = next((one.heard_start_ns for one in truth.after_first(turn)), None)
    stopped = turn.behaviour is not None and turn.behaviour.barge_in is BargeIn.STOPPED
    if not stopped or heard is None or turn.at.playout_end_ns is None:
        return False
    off_ns = turn.at.playout_end_ns + run.manifest.origin_ns - heard
    return abs(off_ns) <= STOP_BAR_MS * NS_PER_MS and turn.counts.samples_unheard > 0


def fault_finding(
    name: str,
    sign: str,
    run: Run,
    truth: Truth,
    says_so: Callable[[TurnRecord], bool],
    *,
    alone: bool = True,
) -> FaultFinding:
    """Compare where a fault was planted with where records say that it was.

    Args:
        name: The fault, planted in first turns.
        sign: What says so, in words.
        run: The run.
        truth: What the simulator knows of it.
        says_so: Whether a turn's record does.
        alone: No turn without the fault may say so.
    """
    planted = recognised = mistaken = 0
    for turn in run.turns:
        if turn.status is TurnStatus.VOID:
            continue
        was = any(name in one.fault.split("+") for one in truth.first(turn))
        planted += was
        recognised += was and says_so(turn)
        mistaken += not was and says_so(turn)
    return FaultFinding(
        name=name,
        planted=planted,
        recognised=recognised,
        mistaken=mistaken if alone else None,
        sign=sign,
    )


def dealing(run: Run, processes: int) -> DealingFinding:
    """Return how the calls of a run were dealt and what was said in them."""
    said: dict[str, list[tuple[int, str]]] = {}
    for turn in run.turns:
        said.setdefault(turn.session_id, []).append((turn.turn_index, turn.utterance_id))
    calls: dict[str, int] = {}
    turns: dict[str, set[int]] = {}
    rows = []
    for session in sorted(run.sessions, key=lambda session: session.call_number):
        name, words = session.user_class, sorted(said.get(session.session_id, []))
        calls[name] = calls.get(name, 0) + 1
        turns.setdefault(name, set()).add(len(words))
        rows.append((session.call_number, name, words))
    return DealingFinding(
        processes=processes,
        schedule_hash=run.manifest.schedule_hash,
        said_hash=hashlib.sha256(repr(rows).encode()).hexdigest(),
        calls=calls,
        turns_a_call={name: tuple(sorted(counts)) for name, counts in turns.items()},
    )
