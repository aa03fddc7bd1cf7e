import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.cli.run_series import RunSeries
from harness.errors import ExitCode
from tests.cli.conftest import BRIEF
from tests.load.conftest import MachineTooBusy

Made = list[tuple[str, int, tuple[str, ...], tuple[str, ...]]]


@pytest.fixture
def made(record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Made:
    """Record a run in place of making one; B is slower by what its options say."""
    found: Made = []

    def make(self: RunSeries, label: str, seed: int, options: Sequence[str] = ()) -> Path:
        found.append((label, seed, tuple(options), self.common))
        slower = float(options[1]) if options else 1.0
        return record(slower=slower * (1 + len(found) / 2_000), seed=seed)

    monkeypatch.setattr(RunSeries, "run", make)
    return found


def test_sides_take_turns_with_the_same_seeds(made: Made, tmp_path: Path) -> None:
    words = ["ab", "conversation", "--pairs", "3", "--seed", "5", "--reports", str(tmp_path / "r")]
    words += ["--a", "", "--b", "--slower 1.0", "--calls", "4", "-u", "2"]
    assert run(words) == ExitCode.PASS
    assert [label.split()[0] for label, _, _, _ in made] == ["A", "B", "B", "A", "A", "B"]
    assert [seed for _, seed, _, _ in made] == [5, 5, 6, 6, 7, 7]
    assert {common for _, _, _, common in made} == {("--calls", "4", "-u", "2")}
    assert [options for label, _, options, _ in made if label[0] == "B"] == [
        ("--slower", "1.0")
    ] * 3


def test_a_slower_candidate_fails(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = tmp_path / "gate.json"
    words = ["ab", "conversation", "--reports", str(tmp_path / "r"), "--json", str(verdict)]
    assert run([*words, "--b", "--slower 1.2"]) == ExitCode.FAIL
    assert "5 pairs" in capsys.readouterr().out
    told = json.loads(verdict.read_text())
    assert told["comparisons"][0]["design"] == "paired"
    assert len(told["runs"]) == len(told["baseline"]) == 5


def test_nothing_is_run_for_what_cannot_be_judged(made: Made, tmp_path: Path) -> None:
    slo = tmp_path / "slo.toml"
    slo.write_text("[[objective]]\nfailure_rate = 0.1\n")
    words = ["ab", "conversation", "--reports", str(tmp_path / "r")]
    assert run([*words, "--slo", str(slo)]) == ExitCode.BAD_INPUT
    assert run([*words, "--a", "--seed 4"]) == ExitCode.BAD_INPUT
    assert run([*words, "--b", "'"]) == ExitCode.BAD_INPUT
    assert made == []


@pytest.mark.timeout(300)
def test_two_simulators_are_told_apart_by_real_runs(
    serve: Callable[..., str], short_scenario: Path, tmp_path: Path
) -> None:
    quick, slow = tmp_path / "quick.toml", tmp_path / "slow.toml"
    quick.write_text("[latency]\npreset = 'null'\n")
    slow.write_text("[latency]\npreset = 'null'\nfirst_turn_ms = 700.0\n")
    hosts = [serve("--config", str(config)) for config in (quick, slow)]
    slo, verdict = tmp_path / "slo.toml", tmp_path / "gate.json"
    slo.write_text(
        '[[objective]]\nmetric = "voice_to_voice"\npercentile = 50\nlimit_ms = 900\n'
        "tolerance = 0.05\n"
    )
    words = ["ab", str(short_scenario), *BRIEF, "--calls", "8", "--pairs", "1", "--slo", str(slo)]
    words += ["--a", f"--host {hosts[0]}", "--b", f"--host {hosts[1]}"]
    words += ["--reports", str(tmp_path / "r"), "--json", str(verdict)]
    code = run(words)
    if code == ExitCode.INVALID:
        raise MachineTooBusy
    assert code == ExitCode.FAIL
    told = json.loads(verdict.read_text())
    (objective,), (comparison,) = told["objectives"], told["comparisons"]
    assert objective["verdict"] == "fail"
    assert comparison["change"] > 0.5
