import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest

from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.spike import Spike
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.cli import capacity
from harness.cli.app import run
from harness.cli.capacity_steps import StepRuns
from harness.errors import ExitCode, RunInvalid

SLO = '[[objective]]\nmetric = "voice_to_voice"\npercentile = 95\nlimit_ms = 1500\n'


def step(load: int, limit: int, unfit: str = "") -> StepResult:
    share = ObjectiveShare(
        subject="voice_to_voice P95 at most 1500 ms",
        allowed=0.05,
        missed=np.full(200, load > limit),
        sessions=np.arange(200) // 4,
        blocks=np.arange(200) % 6,
        value_ms=3_000.0 if load > limit else 900.0,
    )
    shares = () if unfit else (share,)
    return StepResult(load=load, run="", seconds=60, shares=shares, unfit=unfit, turns=200)


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    slo = tmp_path / "slo.toml"
    slo.write_text(SLO)
    folder = str(tmp_path / "search")
    return ["capacity", "conversation", "--slo", str(slo), "--into", folder, "--host", "ws://x"]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Steps of a target that holds 12 calls, in place of runs."""
    found: list[int] = []

    def make(self: StepRuns, load: int, number: int, label: str) -> StepResult:
        found.append(load)
        return step(load, 12)

    monkeypatch.setattr(StepRuns, "make", make)
    return found


def test_a_search_ends_with_limit_report_and_document(
    words: list[str], loads: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--json", str(tmp_path / "c.json")]) == ExitCode.PASS
    said = capsys.readouterr()
    assert "12 calls [12, 12]." in said.out
    assert "step 1, 1 calls; the first" in said.err
    assert "limit between 8 and 16; about" in said.err
    assert "misses it" in said.err
    assert (tmp_path / "search" / "report.html").is_file()
    for path in (tmp_path / "c.json", tmp_path / "search" / "capacity.json"):
        assert json.loads(path.read_text())["limit"]["calls"] == 12
    assert loads[:5] == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--at-least", "12"], ExitCode.PASS),
        (["--at-least", "13"], ExitCode.FAIL),
        (["--most", "4"], ExitCode.INCONCLUSIVE),
        (["--most", "4", "--at-least", "3"], ExitCode.PASS),
        (["--budget", "3m"], ExitCode.INCONCLUSIVE),
    ],
)
def test_exit_codes(words: list[str], loads: list[int], more: list[str], code: ExitCode) -> None:
    assert run([*words, *more]) == code


def test_the_generator_as_the_limit_is_an_invalid_run(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(self: StepRuns, load: int, number: int, label: str) -> StepResult:
        return step(load, 99, "frames were late" if load >= 4 else "")

    monkeypatch.setattr(StepRuns, "make", make)
    assert run(words) == ExitCode.INVALID
    said = capsys.readouterr()
    assert "At least 2 calls (the generator, not the target, is the limit)." in said.out
    assert "since the generator was unfit: frames were late" in said.err


def test_a_step_that_tells_nothing_of_an_objective_does_not_blame_the_generator(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(self: StepRuns, load: int, number: int, label: str) -> StepResult:
        unfit = "no session was opened" if load >= 4 else ""
        return replace(step(load, 99, unfit), untold=bool(unfit))

    monkeypatch.setattr(StepRuns, "make", make)
    assert run(words) == ExitCode.INCONCLUSIVE
    said = capsys.readouterr()
    assert "says nothing: no session was opened" in said.err
    assert "generator" not in said.out + said.err


def test_a_search_goes_on_where_it_stopped(
    words: list[str],
    loads: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(StepRuns, "done", lambda self: iter([step(n, 12) for n in (1, 2, 4, 8)]))
    assert run(words) == ExitCode.PASS
    assert loads[0] == 16
    assert "Done before: 4 steps" in capsys.readouterr().err


def test_spike_and_soak_follow_at_the_limit(
    words: list[str],
    loads: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[tuple[int, float]] = []

    def spike(runs: StepRuns, calls: int, seconds: float, given: object) -> Spike:
        asked.append((calls, seconds))
        return Spike(load=calls, peak=2 * calls, seconds=0, watched_s=0, why="none was made")

    def soak(runs: StepRuns, calls: int, seconds: float, prices: object) -> tuple[Drift, ...]:
        asked.append((calls, seconds))
        return (Drift(what="latency", unit="ms", why="none was made"),)

    monkeypatch.setattr(capacity, "spike", spike)
    monkeypatch.setattr(capacity, "soak", soak)
    assert run([*words, "--spike", "30s", "--soak", "2h"]) == ExitCode.PASS
    assert asked == [(12, 30), (12, 7_200)]
    assert "none was made" in capsys.readouterr().out


def test_a_spike_that_is_not_made_says_why(
    words: list[str],
    loads: list[int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*words, "--spike", "30s", "--soak", "2h", "--budget", "3m"]) == 2
    said = capsys.readouterr().out
    why = "there is no load to hold, since the budget of time is spent"
    assert f"spike           not made: {why}" in said
    assert f"soak            not made: {why}" in said
    document = json.loads((tmp_path / "search" / "capacity.json").read_text())
    assert document["not_made"] == {"spike": why, "soak": why}
    assert f"Not made: {why}." in (tmp_path / "search" / "report.html").read_text()


def test_a_spike_that_breaks_off_leaves_what_the_search_found(
    words: list[str], loads: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spike(*_: object) -> Spike:
        raise RunInvalid("harness run ended with 70", where="spike", hint="See the log")

    monkeypatch.setattr(capacity, "spike", spike)
    assert run([*words, "--spike", "30s"]) == ExitCode.INVALID
    document = json.loads((tmp_path / "search" / "capacity.json").read_text())
    assert document["limit"]["calls"] == 12
    assert document["not_made"] == {"spike": "it did not come to its end"}


def test_no_password_of_an_address_is_kept(
    words: list[str], loads: list[int], tmp_path: Path
) -> None:
    assert run([*words, "--host", "wss://me:hunter2secret@x"]) == ExitCode.PASS
    written = [path for path in (tmp_path / "search").rglob("*") if path.is_file()]
    assert written
    assert not any("hunter2secret" in path.read_text() for path in written)


@pytest.mark.parametrize(
    "more",
    [
        ["--users", "4"],
        ["-u", "4"],
        ["--calls=4"],
        ["--seed", "-1"],
        ["--start", "9", "--most", "8"],
        ["--hold", "soon"],
        ["--slo", "none.toml"],
    ],
)
def test_what_cannot_be_searched_is_one_line(
    words: list[str], loads: list[int], more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, *more]) == ExitCode.BAD_INPUT
    assert loads == []
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_an_unknown_scenario_is_one_line_before_anything_is_written(
    words: list[str], loads: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["capacity", "conversatoin", *words[2:]]) == ExitCode.BAD_INPUT
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "search").exists()


def test_a_step_is_a_real_run_against_the_simulator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine that is too busy the step is unfit, which is said as well."""
    slo = tmp_path / "slo.toml"
    slo.write_text("[[objective]]\nfailure_rate = 0.5\n")
    folder = tmp_path / "search"
    words = ["capacity", "conversation", "--slo", str(slo), "--into", str(folder)]
    words += ["--preset", "null", "--start", "2", "--most", "2", "--hold", "12s", "--drain-s", "1"]
    words += ["--corpus", "synthetic"]
    code = run(words)
    said = capsys.readouterr().out
    assert code in (ExitCode.INCONCLUSIVE, ExitCode.INVALID), said
    first = json.loads((folder / "steps.jsonl").read_text().splitlines()[0])
    assert (first["load"], first["hold_s"]) == (2, 12.0)
    assert (folder / first["run"] / "turns.jsonl").stat().st_size > 0
    document = json.loads((folder / "capacity.json").read_text())
    assert document["search"]["target"] == "the simulator"
    if code == ExitCode.INCONCLUSIVE:
        assert "At least 2 calls" in said
        # An unfit step is made again.
        assert document["steps"][-1]["turns"] > 0


def test_an_interrupted_search_says_how_it_goes_on(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def make(self: StepRuns, load: int, number: int, label: str) -> StepResult:
        if load == 4:
            raise click.Abort
        return step(load, 12)

    monkeypatch.setattr(StepRuns, "make", make)
    assert run(words) == ExitCode.INCONCLUSIVE
    said = capsys.readouterr().err
    assert f"Go on with --into {tmp_path / 'search'}" in said
    assert not (tmp_path / "search" / "capacity.json").exists()
