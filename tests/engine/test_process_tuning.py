import gc
import sys

import pytest

from harness import clock
from harness.engine import process_tuning as health
from harness.engine.process_tuning import ClockWatch, GarbagePauses, tune_process


def test_every_collection_is_measured_until_it_is_stopped() -> None:
    pauses = GarbagePauses()
    pauses.start()
    gc.collect()
    pauses.stop()
    durations = pauses.take().summary()
    assert durations is not None
    gc.collect()
    assert pauses.take().summary() is None


def test_a_step_of_the_wall_clock_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ClockWatch()
    assert watch.step_ms() is None
    true_ns = clock.now_ns
    monkeypatch.setattr(health, "now_ns", lambda: true_ns() - 3_000_000_000)
    stepped_ms = watch.step_ms()
    assert stepped_ms is not None
    assert round(stepped_ms, -2) == 3_000
    assert watch.step_ms() is None


def test_what_is_loaded_is_not_looked_at_for_garbage_again() -> None:
    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    try:
        tune_process()
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() < interval_s
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval_s)
