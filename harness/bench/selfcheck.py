"""One self check from beginning to end."""

from collections.abc import Mapping
from typing import Any

from harness import environment
from harness.bench import machine
from harness.bench.accuracy import measure_accuracy
from harness.bench.capacity import measure_capacity
from harness.bench.findings import Findings
from harness.bench.last_check import recall
from harness.bench.onset_detector import measure_detector
from harness.clock import wall_time
from harness.corpus import obtain_corpus
from harness.model import Progress

# Shares of three minutes; see `--long` for what a quiet quarter of an hour gives.
_QUICK_BUDGETS_S = {20: 61.0, 100: 54.0}
_QUICK_WINDOW_S = 2.5
_QUICK_ACCURACY_S = {1: 8.0, 50: 5.0, 200: 5.0, 500: 5.0}
_LONG_BUDGETS_S = {20: 240.0, 100: 180.0}
_LONG_WINDOW_S = 6.0
_LONG_ACCURACY_S = {1: 60.0, 50: 30.0, 200: 30.0, 500: 30.0}
# Where the searches start on a machine that was never measured, engine and straightforward client:
# a little under what one core held where this was written.
_STARTS = {20: (800, 220), 100: (2_000, 580)}


def check(progress: Progress, *, thorough: bool = False) -> Findings:
    """Measure everything.

    Args:
        progress: Who hears how it goes.
        thorough: Take some ten minutes in place of three.
    """
    # Speech is made once per machine; both clients must find it there.
    obtain_corpus("synthetic", environment.cache_dir(), progress)
    budgets_s = _LONG_BUDGETS_S if thorough else _QUICK_BUDGETS_S
    window_s = _LONG_WINDOW_S if thorough else _QUICK_WINDOW_S
    accuracy_s = _LONG_ACCURACY_S if thorough else _QUICK_ACCURACY_S
    starts = {**_STARTS, **held_before(recall(environment.cache_dir()))}
    load, before = machine.load_average(), machine.CpuTimes.now()
    capacity = tuple(
        measure_capacity(
            frame_ms,
            starts=starts[frame_ms],
            budget_s=budget_s,
            seconds=window_s,
            progress=progress,
        )
        for frame_ms, budget_s in budgets_s.items()
    )
    accuracy = tuple(
        measure_accuracy(sessions, seconds, progress) for sessions, seconds in accuracy_s.items()
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
