"""Measured against true in every dialect: the same calls in each, under Locust.

The simulator serves every dialect in front of one service, so that the truth is known alike. A
dialect that it does not serve, or whose turns cannot be found in the truth, is a row without
figures and with the reason.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.analysis import assess_validity
from harness.analysis.accuracy import measured_and_true_ms
from harness.bench import machine
from harness.bench.simulated_run import hold
from harness.clock import wall_time
from harness.dialects import DIALECTS
from harness.model import Progress, Run, TruthRecord, TurnStatus, ValidityState
from harness.simulator import SIMULATED_PATHS

SCHEMA = "harness.bench.dialect_accuracy/1"
CALLERS = 50
BAR_MS = 5.0
"""What neither median nor 95th percentile of the error's size may be beyond."""

# To the first sound, and where no audio goes either way to the first token.
_HEADLINES = ("voice_to_voice", "time_to_first_token")
_TURNS = 3
# Quick, so that a dialect takes half a minute.
_RULES = "[latency]\nshift_ms = 300.0\nmedian_ms = 80.0\nsigma = 0.2\n"
_DIALOGUE = "think = { low_ms = 100, high_ms = 300 }\n" + _TURNS * "[[turn]]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectError:
    """Measured minus true latency in one dialect, to the first sound or the first token.

    Attributes:
        dialect: Which.
        planned: Turns that were to be said.
        turns: Those that count, and whose truth is known.
        p50_ms: Median of the differences; `None` without a turn.
        p95_ms: 95th percentile of their size.
        worst_ms: The largest difference in size, with its sign.
        validity: State of the run; empty where there was none.
        why: Why the run is not valid, or why there is none, in words.
    """

    dialect: str
    planned: int
    turns: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    worst_ms: float | None = None
    validity: str = ""
    why: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the error is within the bar; `None` where the run does not allow to say."""
        if self.p50_ms is None or self.p95_ms is None or self.validity == ValidityState.INVALID:
            return None
        return abs(self.p50_ms) <= BAR_MS and self.p95_ms <= BAR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectErrors:
    """Every dialect, on one machine.

    Attributes:
        callers: How many called at once.
        load_average: Of the machine, in the minute before.
        busy_percent: Share of all cores' time in use meanwhile, by whatever program.
    """

    made_at: str
    callers: int
    dialects: tuple[DialectError, ...]
    machine: dict[str, str] = field(default_factory=dict)
    load_average: float | None = None
    busy_percent: float | None = None
    schema: str = SCHEMA

    def as_json(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return asdict(self)


def measure_dialects(
    progress: Progress, names: Iterable[str] = (), callers: int = CALLERS
) -> DialectErrors:
    """Hold calls in one dialect after the other; half a minute each.

    Args:
        progress: Receives the progress.
        names: Of the dialects; none for all there are.
        callers: How many call at once.
    """
    load, before = machine.load_average(), machine.CpuTimes.now()
    found = []
    for name in tuple(names) or tuple(DIALECTS):
        progress.step(f"{callers} callers in the dialect {name}")
        found.append(hold_dialect(name, callers))
    return DialectErrors(
        made_at=wall_time().isoformat(timespec="seconds"),
        callers=callers,
        dialects=tuple(found),
        machine=machine.facts(),
        load_average=load,
        busy_percent=machine.busy_percent(before, machine.CpuTimes.now()),
    )


def hold_dialect(name: str, callers: int) -> DialectError:
    """Hold one call of each caller in a dialect, and compare its turns with the truth."""
    options = ("--dialect", name, "--calls", f"{callers}", "--turn-limit-s", "5")
    path = SIMULATED_PATHS.get(name, "")
    try:
        run, truth = hold(_RULES, callers, dialogue=_DIALOGUE, options=options, path=path)
    except RuntimeError as error:
        return DialectError(dialect=name, planned=_TURNS * callers, why=str(error))
    return dialect_error(name, _TURNS * callers, run, truth)


def dialect_error(name: str, planned: int, run: Run, truth: Iterable[TruthRecord]) -> DialectError:
    """Compare the turns of a run with the truth.

    Args:
        name: The dialect.
        planned: How many turns there were to be.
        run: The records.
        truth: The simulator's.
    """
    counting = [turn for turn in run.turns if turn.status is not TurnStatus.VOID]
    pairs = measured_and_true_ms(counting, truth, run.manifest)
    off_ms = sorted(
        measured_ms - true_ms for _, metric, measured_ms, true_ms in pairs if metric in _HEADLINES
    )
    validity = assess_validity(run)
    why = "; ".join(validity.reasons)
    if not off_ms:
        why = "; ".join(filter(None, ("no turn is in the truth log", why)))
    return DialectError(
        dialect=name,
        planned=planned,
        turns=len(off_ms),
        p50_ms=_rank(off_ms, 50),
        p95_ms=_rank(sorted(map(abs, off_ms)), 95),
        worst_ms=_rank(sorted(off_ms, key=abs), 100),
        validity=validity.state,
        why=why,
    )


def _rank(ascending: list[float], percent: int) -> float | None:
    """Return the nearest rank, as everywhere; `None` of nothing."""
    if not ascending:
        return None
    return round(ascending[-(-len(ascending) * percent // 100) - 1], 3)
