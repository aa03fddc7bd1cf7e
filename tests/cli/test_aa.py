import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.cli.run_series import RunSeries
from harness.errors import ExitCode


def test_runs_of_one_target_tell_what_a_gate_can_tell_here(
    record: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seeds: list[int] = []
    asked: set[tuple[str, tuple[str, ...], tuple[str, ...]]] = set()

    def make(self: RunSeries, label: str, seed: int, options: Sequence[str] = ()) -> Path:
        seeds.append(seed)
        asked.add((self.scenario, self.common, tuple(options)))
        return record(slower=1 + 0.02 * (len(seeds) % 3), seed=seed)

    monkeypatch.setattr(RunSeries, "run", make)
    found = tmp_path / "aa.json"
    words = ["aa", "conversation", "--times", "6", "--reports", str(tmp_path / "r")]
    assert run([*words, "--json", str(found), "--calls", "3"]) == ExitCode.PASS
    assert seeds == [1, 2, 3, 4, 5, 6]
    assert asked == {("conversation", ("--calls", "3"), ())}
    out = capsys.readouterr().out
    assert "run-to-run SD" in out
    assert "3 against 3" in out
    assert "to find +10%" in out
    told = json.loads(found.read_text())
    assert told["splits"]["comparisons"] == 20
    assert told["run_sd"] == pytest.approx(0.0177, abs=0.002)


def test_runs_there_are_already_can_be_given(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(record(slower=1 + n / 100, seed=n)) for n in range(4)]
    assert run(["aa", "--runs", *runs, "--percentile", "50"]) == ExitCode.PASS
    assert "voice_to_voice P50" in capsys.readouterr().out


def test_what_cannot_be_compared_is_refused(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(record(seed=n)) for n in range(3)]
    assert run(["aa", "--runs", *runs]) == ExitCode.BAD_INPUT
    assert "3 runs cannot be compared" in capsys.readouterr().err
    assert run(["aa", "--runs", *runs, runs[0]]) == ExitCode.BAD_INPUT
    assert run(["aa", "--runs", *runs, str(record(model="other"))]) == ExitCode.BAD_INPUT
    assert run(["aa"]) == ExitCode.BAD_INPUT
    assert run(["aa", "x", "--runs", *runs]) == ExitCode.BAD_INPUT
    assert run(["aa", "x", "--metric", "voice_to_voise"]) == ExitCode.BAD_INPUT
    assert run(["aa", "--runs", *runs, "--calls", "3"]) == ExitCode.BAD_INPUT
