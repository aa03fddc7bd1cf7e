"""One subject over the runs that are alike: levels, changes, and how far runs differ."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.analysis.comparison.effect import RunSpread
from harness.analysis.history.change_points import ChangePoint, change_points
from harness.errors import BadInput
from harness.model.history import Acceptance, History, HistoryRun

FEWEST_RUNS = 3
"""Below this a spread between runs is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One subject over the runs of one fingerprint.

    Attributes:
        subject: Such as `voice_to_voice P95`.
        runs: Those that have it, in the order of their start.
        values: Of each of them, in ms.
        missing: Runs that are alike and do not have it.
        changes: Where the level changed.
        accepted: Of each change, what somebody said about it; `None` where nobody did.
    """

    subject: str
    runs: tuple[HistoryRun, ...]
    values: tuple[float, ...]
    missing: int
    changes: tuple[ChangePoint, ...]
    accepted: tuple[Acceptance | None, ...]

    @property
    def open_regressions(self) -> tuple[ChangePoint, ...]:
        """Changes to a higher level that nobody accepted, and that still stand."""
        found = []
        for change, accepted in zip(self.changes, self.accepted, strict=True):
            if change.ratio > 0 and accepted is None and self._stands(change):
                found.append(change)
        return tuple(found)

    def _stands(self, change: ChangePoint) -> bool:
        """Tell whether the last level is still higher than the one before the change."""
        return self.changes[-1].after > change.before

    @property
    def level(self) -> tuple[int, float] | None:
        """Return the first run of the last level and that level; `None` without a run."""
        if not self.values:
            return None
        if self.changes:
            return self.changes[-1].index, self.changes[-1].after
        return 0, float(np.exp(np.mean(np.log(self.values))))


def series_of(history: History, subject: str, fingerprint: str) -> Series:
    """Return one subject over the runs with a fingerprint.

    A change counts as accepted when the run that somebody accepted lies within two runs of it: a
    change point is found where the numbers say, which need not be the run the build changed with.
    """
    alike = [run for run in history.runs if run.fingerprint == fingerprint]
    known: list[tuple[HistoryRun, float]] = []
    for run in alike:
        point = run.percentiles.get(subject)
        if point is not None and point.value_ms is not None and point.value_ms > 0:
            known.append((run, point.value_ms))
    values = tuple(value for _, value in known)
    changes = change_points(values)
    numbers = {run.run_id: number for number, (run, _) in enumerate(known)}
    by_number = {numbers[a.run_id]: a for a in history.accepted if a.run_id in numbers}
    return Series(
        subject=subject,
        runs=tuple(run for run, _ in known),
        values=values,
        missing=len(alike) - len(known),
        changes=changes,
        accepted=tuple(_nearest(by_number, change.index) for change in changes),
    )


def _nearest(by_number: dict[int, Acceptance], index: int) -> Acceptance | None:
    near = sorted((abs(number - index), number) for number in by_number)
    return by_number[near[0][1]] if near and near[0][0] <= 2 else None


def run_spreads(history: History, fingerprint: str) -> dict[str, RunSpread]:
    """Return how far runs with a fingerprint differ, by subject, where that is known.

    Within levels only, so that a change of the target is not taken for the unrest of its runs; the
    part that chance within the runs explains is taken out.
    """
    subjects = {
        name for run in history.runs if run.fingerprint == fingerprint for name in run.percentiles
    }
    found = {}
    for subject in sorted(subjects):
        series = series_of(history, subject, fingerprint)
        spread = _spread(series)
        if spread is not None:
            found[subject] = spread
    return found


def _spread(series: Series) -> RunSpread | None:
    if len(series.values) < FEWEST_RUNS:
        return None
    logs = np.log(series.values)
    edges = [0, *(change.index for change in series.changes), len(logs)]
    levels = [logs[begin:end] for begin, end in pairwise(edges)]
    degrees = len(logs) - len(levels)
    squares = sum(float(np.square(level - level.mean()).sum()) for level in levels)
    errors = [run.percentiles[series.subject].se for run in series.runs]
    within = [error**2 for error in errors if error is not None]
    inside = float(np.mean(within)) if within else 0.0
    sd = math.sqrt(max(0.0, squares / degrees - inside))
    return RunSpread(sd, degrees + 1, f"{len(logs)} runs of the history")


def fingerprints(runs: Iterable[HistoryRun]) -> dict[str, list[HistoryRun]]:
    """Return the runs by fingerprint, the one with the latest run first."""
    found: dict[str, list[HistoryRun]] = {}
    for run in runs:
        found.setdefault(run.fingerprint, []).append(run)
    return dict(sorted(found.items(), key=lambda item: item[1][-1].started_at, reverse=True))


def find_run(history: History, run_id: str) -> HistoryRun:
    """Return a run of the history.

    Raises:
        BadInput: It is not there.
    """
    found = [run for run in history.runs if run.run_id == run_id]
    if not found:
        raise BadInput(
            "is not in the history", where=run_id, hint="`harness history show` lists its runs"
        )
    return found[-1]
