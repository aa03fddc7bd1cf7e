"""Does the gate keep its promises? Its own statistics on runs whose truth is known.

Three promises: intervals at 95 % hold the truth in 95 of 100 runs; an unchanged target fails at
most one gate in twenty; a change is found in four of five cases with the runs that were planned.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.analysis import GateVerdict, Sample, estimate
from harness.analysis.comparison.comparing import verdict_of
from harness.analysis.comparison.effect import Design, Effect, paired, unpaired
from harness.analysis.comparison.pilot import chance_of
from harness.analysis.comparison.planning import Effort, for_detection
from harness.analysis.objectives.parsing import CONFIDENCE
from harness.bench.simulated_turns import SimulatedTarget, log_percentiles
from harness.model import Progress

ICCS = (0.0, 0.1, 0.3, 0.5)
RUN_SDS = (0.0, 0.03, 0.06)
PERCENTS = (50, 95, 99)
SIZES = ((100, 20), (400, 10))
"""Sessions and turns a session, of the runs whose intervals are checked."""

CHANGE, TOLERANCE = 0.10, 0.05
_SEED = 20_261_129
_RUNS = 5
# Enough to distinguish 5 % from 6 % in dozens of figures.
_ALARM_TRIALS = 4
# Of dozens of figures one or two lie two standard errors off, and no more are expected further.
_CHANCE_ERRORS = 2
_P = 0.95
# Plans are for so many sessions a run; time and cost do not matter here.
_EFFORT = Effort(session_s=60.0, at_once=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise, checked.

    Attributes:
        what: Which.
        setting: Under which circumstances.
        share: How often it was kept or broken.
        low: What the share may be at least.
        high: What it may be at most.
        trials: In how many trials.
        note: What else there is to say.
    """

    what: str
    setting: str
    share: float
    low: float
    high: float
    trials: int
    note: str = ""

    @property
    def error(self) -> float:
        """Standard error of the share, by the number of trials."""
        return math.sqrt(max(self.share * (1 - self.share), 1e-4) / self.trials)

    @property
    def kept(self) -> bool:
        """Whether the share lies where it may."""
        return self.low <= self.share <= self.high

    @property
    def broken(self) -> bool:
        """Whether it lies elsewhere by more than chance in so many trials."""
        reach = _CHANCE_ERRORS * self.error
        return self.share + reach < self.low or self.share - reach > self.high


def calibrate(trials: int, progress: Progress) -> Iterator[Promise]:
    """Check every promise.

    Args:
        trials: Made-up comparisons for each figure.
        progress: Receives the progress.
    """
    progress.step("coverage of intervals", "runs")
    for sessions, turns in SIZES:
        for icc in ICCS:
            yield from _coverage(sessions, turns, icc, trials)
    progress.step("false alarms", "gates")
    for icc in (0.0, 0.3, 0.5):
        for run_sd in RUN_SDS:
            yield from _alarms(icc, run_sd, _ALARM_TRIALS * trials)
    progress.step("detection with the runs planned", "plans")
    for icc in (0.0, 0.3, 0.5):
        for run_sd in RUN_SDS:
            yield from _detection(icc, run_sd, max(trials // 5, 20))


def _coverage(sessions: int, turns: int, icc: float, trials: int) -> Iterator[Promise]:
    target = SimulatedTarget(icc=icc, sessions=sessions, turns=turns)
    rng = np.random.default_rng([_SEED, 1, sessions, round(100 * icc)])
    members = np.repeat(np.arange(sessions), turns)
    held = dict.fromkeys(PERCENTS, 0)
    known = dict.fromkeys(PERCENTS, 0)
    for _ in range(trials):
        sample = Sample(target.runs(1, rng).ravel(), members)
        for percent in PERCENTS:
            found = estimate(sample, percent / 100)
            if found.low_ms is not None and found.high_ms is not None:
                known[percent] += 1
                true = target.percentile_ms(percent / 100)
                held[percent] += found.low_ms <= true <= found.high_ms
    for percent in PERCENTS:
        withheld = trials - known[percent]
        yield Promise(
            what=f"95 % interval of P{percent} holds the truth",
            setting=f"{sessions} sessions of {turns}, ICC {icc:g}",
            share=held[percent] / max(1, known[percent]),
            low=0.93,
            high=0.97,
            trials=max(1, known[percent]),
            note=f"withheld in {withheld}" if withheld else "",
        )


def _alarms(icc: float, run_sd: float, trials: int) -> Iterator[Promise]:
    target = SimulatedTarget(icc=icc, run_sd=run_sd, sessions=40)
    at_edge = SimulatedTarget(icc=icc, run_sd=run_sd, sessions=40, slower=TOLERANCE)
    rng = np.random.default_rng([_SEED, 2, round(100 * icc), round(100 * run_sd)])
    count = {"unpaired": 0, "paired": 0, "tolerance": 0, "edge": 0, "passed": 0}
    for _ in range(trials):
        mine, theirs = (log_percentiles(target.runs(_RUNS, rng), _P) for _ in range(2))
        apart = unpaired(list(mine), list(theirs))
        count["unpaired"] += _fails(apart, 0.0)
        count["tolerance"] += _fails(apart, TOLERANCE)
        drift = rng.normal(0, run_sd, _RUNS)
        one, other = (log_percentiles(target.runs(_RUNS, rng, drift), _P) for _ in range(2))
        count["paired"] += _fails(paired(list(one), list(other)), 0.0)
        slower = log_percentiles(at_edge.runs(_RUNS, rng), _P)
        edge = unpaired(list(slower), list(theirs))
        count["edge"] += _fails(edge, TOLERANCE)
        count["passed"] += verdict_of(edge, math.log1p(TOLERANCE), CONFIDENCE) is GateVerdict.PASS
    setting = f"{_RUNS} runs a side, ICC {icc:g}, run SD {run_sd:.0%}"
    for name, what in (
        ("unpaired", "A/A fails at tolerance 0 (nominal 5 %)"),
        ("paired", "A/A fails at tolerance 0, paired"),
        ("tolerance", f"A/A fails at tolerance {TOLERANCE:.0%}"),
        ("edge", f"a change of {TOLERANCE:.0%} fails at tolerance {TOLERANCE:.0%}"),
        ("passed", f"a change of {TOLERANCE:.0%} passes at tolerance {TOLERANCE:.0%}"),
    ):
        yield Promise(
            what=what,
            setting=setting,
            share=count[name] / trials,
            low=0.0,
            high=0.06,
            trials=trials,
        )


def _detection(icc: float, run_sd: float, trials: int) -> Iterator[Promise]:
    """Plan from a pilot, run what was planned, and see how often the change is found."""
    sessions = 100
    standard = SimulatedTarget(icc=icc, run_sd=run_sd, sessions=sessions)
    slower = SimulatedTarget(icc=icc, run_sd=run_sd, sessions=sessions, slower=CHANGE)
    rng = np.random.default_rng([_SEED, 3, round(100 * icc), round(100 * run_sd)])
    members = np.repeat(np.arange(sessions), standard.turns)
    for tolerance in (0.0, TOLERANCE):
        found, planned = 0, []
        for _ in range(trials):
            pilot = Sample(standard.runs(1, rng).ravel(), members)
            (step,) = for_detection(
                chance_of(pilot, _P),
                CHANGE,
                tolerance,
                run_sd,
                _EFFORT,
                CONFIDENCE,
                design=Design.UNPAIRED,
                sessions=[sessions],
            )
            mine = log_percentiles(slower.runs(step.runs, rng), _P)
            theirs = log_percentiles(standard.runs(step.runs, rng), _P)
            found += _fails(unpaired(list(mine), list(theirs)), tolerance)
            planned.append(step.runs)
        yield Promise(
            what=f"+{CHANGE:.0%} on P95 is found at tolerance {tolerance:.0%}",
            setting=f"runs as planned, ICC {icc:g}, run SD {run_sd:.0%}",
            share=found / trials,
            low=0.8,
            high=1.0,
            trials=trials,
            note=f"{np.median(planned):.0f} runs a side of {sessions} sessions",
        )


def _fails(effect: Effect, tolerance: float) -> bool:
    return verdict_of(effect, math.log1p(tolerance), CONFIDENCE) is GateVerdict.FAIL
