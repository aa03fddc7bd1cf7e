from pathlib import Path

from harness.bench.accuracy import compare, measure_accuracy
from harness.bench.child_process import Child
from harness.model import NoProgress


def test_the_engine_is_compared_with_the_simulators_truth() -> None:
    found = measure_accuracy(8, 7.0, NoProgress())
    assert found.sessions == 8
    assert found.turns >= 1
    # No bar: the machine is shared. Percentiles of so few turns are there all the same.
    assert None not in (found.error_p50_ms, found.error_p95_ms, found.error_p99_ms)


def test_without_a_turn_in_both_records_there_is_no_error_to_state(tmp_path: Path) -> None:
    with Child("harness.bench.null_server") as server:
        run = tmp_path / "run"
        run.mkdir()
        words = ("--host", server.address(), "--keep", str(run), "--seconds", "0.2")
        with Child("harness.bench.engine_trial", *words) as engine:
            engine.ask(1)
    found = compare(run, 1)
    assert (found.turns, found.error_p50_ms) == (0, None)
