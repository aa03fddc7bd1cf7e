from pathlib import Path

from harness.bench.accuracy import compare, measure_accuracy
from harness.bench.child_process import Child
from harness.model import NoProgress


def test_a_run_under_locust_is_compared_with_the_simulators_truth() -> None:
    found = measure_accuracy(8, 9.0, NoProgress())
    assert (found.sessions, found.busy) == (8, False)
    assert found.turns + found.void >= 1
    # No bar: the machine is shared. Percentiles of so few turns are there all the same.
    assert (found.error_p50_ms is None) == (found.turns == 0)
    assert found.beyond_bound <= found.off <= found.turns
    assert (found.bound_p99_ms is None) == (found.turns == 0)


def test_it_is_measured_beside_a_program_that_keeps_every_core_busy() -> None:
    found = measure_accuracy(2, 6.0, NoProgress(), busy=True)
    assert found.busy


def test_without_a_turn_in_both_records_there_is_no_error_to_state(tmp_path: Path) -> None:
    with Child("harness.bench.null_server") as server:
        run = tmp_path / "run"
        run.mkdir()
        words = ("--host", server.address(), "--keep", str(run), "--seconds", "0.2")
        with Child("harness.bench.engine_trial", *words) as engine:
            engine.ask(1)
    found = compare(run, 1)
    assert (found.turns, found.error_p50_ms, found.worst_ms) == (0, None, None)
