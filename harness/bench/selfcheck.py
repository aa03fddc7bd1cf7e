"""One self check from beginning to end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness import environment
from harness.bench import machine
from harness.bench.accuracy import measure_accuracy
from harness.bench.capacity import Effort, measure_capacity
from harness.bench.findings import CapacityFinding, Findings
from harness.bench.last_check import recall
from harness.bench.onset_detector import measure_detector
from harness.clock import wall_time
from harness.corpus import obtain_corpus
from harness.model import Progress

# Shares of six minutes; `--long` takes a quarter of an hour.
_QUICK_BUDGETS_S = {20: 110.0, 100: 100.0}
_QUICK_WINDOW_S, _QUICK_HOLD_S = 2.5, 8.0
_QUICK_ACCURACY_S = {1: 12.0, 50: 10.0, 200: 10.0, 400: 10.0}
_LONG_BUDGETS_S = {20: 240.0, 100: 180.0}
_LONG_WINDOW_S, _LONG_HOLD_S = 6.0, 60.0
_LONG_ACCURACY_S = {1: 90.0, 50: 45.0, 200: 45.0, 400: 45.0}
# Where the searches start on a machine that was never measured, harness and straightforward client:
# a little under what one core held where this was written.
_STARTS = {20: (400, 100), 100: (1_000, 300)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a self check measures, and for how long.

    Attributes:
        thorough: Take a quarter of an hour in place of six minutes.
        hold_s: How long the found numbers are held once more; `None` for a short while.
        capacity: Whether to look for what one core holds.
        busy: Compare with the truth also while another program keeps every core busy.
    """

    thorough: bool = False
    hold_s: float | None = None
    capacity: bool = True
    busy: bool = False


def check(progress: Progress, extent: Extent) -> Findings:
    """Measure the engine.

    Args:
        progress: Receives the progress.
        extent: What to measure.
    """
    # Speech is generated once per machine and must exist before either client starts.
    obtain_corpus("synthetic", environment.cache_dir(), progress)
    load, before = machine.load_average(), machine.CpuTimes.now()
    capacity = _capacity(extent, progress) if extent.capacity else ()
    accuracy_s = _LONG_ACCURACY_S if extent.thorough else _QUICK_ACCURACY_S
    accuracy = tuple(
        measure_accuracy(sessions, seconds, progress, busy=busy)
        for busy in ((False, True) if extent.busy else (False,))
        for sessions, seconds in accuracy_s.items()
    )
    after = machine.CpuTimes.now()
    return Findings(
        made_at=wall_time().isoformat(timespec="seconds"),
        capacity=capacity,
        accuracy=accuracy,
        detector=measure_detector(progress),
        machine=machine.facts(),
        stolen_percent=machine.stolen_percent(before, after),
        busy_percent=machine.busy_percent(before, after),
        load_average=load,
    )


def _capacity(extent: Extent, progress: Progress) -> tuple[CapacityFinding, ...]:
    budgets_s = _LONG_BUDGETS_S if extent.thorough else _QUICK_BUDGETS_S
    hold_s = extent.hold_s
    if hold_s is None:
        hold_s = _LONG_HOLD_S if extent.thorough else _QUICK_HOLD_S
    starts = {**_STARTS, **held_before(recall(environment.cache_dir()))}
    return tuple(
        measure_capacity(
            frame_ms,
            Effort(
                starts=starts[frame_ms],
                budget_s=budget_s,
                window_s=_LONG_WINDOW_S if extent.thorough else _QUICK_WINDOW_S,
                hold_s=hold_s,
            ),
            progress,
        )
        for frame_ms, budget_s in budgets_s.items()
    )


def held_before(kept: Mapping[str, Any] | None) -> dict[int, tuple[int, int]]:
    """Return what this machine held the last time, by the length of a frame.

    A search that starts where the last one ended is over sooner.
    """
    found: dict[int, tuple[int, int]] = {}
    for entry in (kept or {}).get("capacity", ()):
        held = (entry.get("sessions"), entry.get("plain_client_sessions"))
        if all(isinstance(number, int) and number > 0 for number in held):
            found[entry.get("frame_ms")] = held
    return found
