from pathlib import Path

import pytest

from harness.bench.machine import (
    CpuTimes,
    busy_percent,
    cpu_s,
    facts,
    resident_kb,
    stolen_percent,
)


def test_shares_are_of_the_time_between_two_readings() -> None:
    before, after = CpuTimes(100, 10, 1000), CpuTimes(150, 30, 1200)
    assert busy_percent(before, after) == pytest.approx(25.0)
    assert stolen_percent(before, after) == pytest.approx(10.0)


def test_what_the_system_does_not_tell_is_none() -> None:
    once = CpuTimes(100, 10, 1000)
    assert stolen_percent(None, once) is None
    assert busy_percent(once, once) is None


def test_this_machine_has_a_name() -> None:
    assert facts()["cores"] != "0"


def test_a_process_that_is_gone_has_no_memory_and_no_time() -> None:
    assert resident_kb(2**22 + 1) is None
    assert cpu_s(2**22 + 1) is None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_of_this_process_is_what_the_system_says() -> None:
    own_kb = resident_kb()
    assert own_kb is not None
    assert own_kb > 1_000
