from pathlib import Path

from harness.bench.gate_speed import measure, write_run
from harness.cli.summarising import summarise_directory
from harness.errors import ExitCode
from harness.model import NoProgress, ValidityState


def test_a_made_up_run_is_a_run_like_any_other(tmp_path: Path) -> None:
    run, summary = summarise_directory(write_run(tmp_path, 200, seed=1))
    assert len(run.turns) == 200
    assert summary.validity.state is ValidityState.VALID
    assert summary.metrics["voice_to_voice"].n == 200


def test_both_gates_are_timed() -> None:
    one, two = measure(600, 600, NoProgress())
    assert one.code == ExitCode.PASS
    assert two.code in (ExitCode.PASS, ExitCode.INCONCLUSIVE)
    assert min(one.cpu_s, one.wall_s, two.cpu_s, two.wall_s) > 0
