import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.analysis import parse_objectives
from harness.analysis.capacity.demand import demands_of
from harness.cli.capacity_steps import StepRuns
from harness.cli.run_series import RunSeries
from harness.errors import BadInput, ExitCode, RunInvalid

Attempt = Callable[..., tuple[int, Path | None]]


@pytest.fixture
def runs(tmp_path: Path) -> StepRuns:
    tables = [{"metric": "voice_to_voice", "percentile": 95, "limit_ms": 1_000}]
    demands, _ = demands_of(parse_objectives({"objective": tables}, "slo.toml"), "slo.toml")
    folder = tmp_path / "search"
    folder.mkdir()
    return StepRuns(
        series=RunSeries(folder, "conversation", ("--host", "ws://x")),
        demands=demands,
        seed=5,
        hold_s=40.0,
        spawn_rate=4.0,
    )


def outcomes(monkeypatch: pytest.MonkeyPatch, *found: tuple[int, Path | None]) -> list[object]:
    """Let runs come out like this, and note what was asked of them."""
    asked: list[object] = []
    left = list(found)

    def attempt(
        self: RunSeries, label: str, seed: int, options: Sequence[str] = ()
    ) -> tuple[int, Path | None]:
        asked.append((label, seed, tuple(options)))
        return left.pop(0)

    monkeypatch.setattr(RunSeries, "attempt", attempt)
    return asked


def test_a_step_is_a_run_of_so_many_callers_for_so_long(
    runs: StepRuns, record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = outcomes(monkeypatch, (ExitCode.PASS, record()))
    monkeypatch.setattr("harness.cli.capacity_steps.recorded", lambda path: _records(record()))
    runs.make(9, 2, "step 3")
    options = ("--users", "9", "--spawn-rate", "4", "--run-time", "42s")
    assert asked == [("step 3", 7, options)]


def test_steps_are_kept_and_read_again(
    runs: StepRuns, record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of this test opened no session, which is the generator's fault."""
    made = record()
    outcomes(monkeypatch, (ExitCode.PASS, made), (ExitCode.INVALID, None))
    monkeypatch.setattr("harness.cli.capacity_steps.recorded", lambda path: _records(made))
    first = runs.make(9, 0, "step 1")
    second = runs.make(9, 1, "step 2")
    assert first.unfit == "no session was opened"
    assert second.unfit == "the run left no records"
    again = list(runs.done())
    assert [(s.load, s.run, s.unfit) for s in again] == [
        (s.load, s.run, s.unfit) for s in (first, second)
    ]


@pytest.mark.parametrize(("code", "error"), [(4, BadInput), (70, RunInvalid), (-9, RunInvalid)])
def test_runs_that_broke_are_no_steps(
    runs: StepRuns, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    outcomes(monkeypatch, (code, None))
    with pytest.raises(error, match="step 1"):
        runs.make(9, 0, "step 1")
    assert list(runs.done()) == []


def test_a_folder_of_another_search_is_refused(runs: StepRuns) -> None:
    runs.begin({"scenario": "conversation", "hold_s": 40.0})
    runs.begin({"scenario": "conversation", "hold_s": 40.0})
    with pytest.raises(BadInput, match=r"begun with another hold_s: 40\.0, not 60\.0"):
        runs.begin({"scenario": "conversation", "hold_s": 60.0})
    with pytest.raises(BadInput, match="begun with other options of harness run"):
        runs.begin({"options": "abc"})
    (runs.series.directory / "search.json").write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        runs.begin({"scenario": "conversation"})


@pytest.mark.parametrize("line", ["{", json.dumps({"load": 3}), "[]"])
def test_a_spoiled_list_of_steps_is_one_line(runs: StepRuns, line: str) -> None:
    (runs.series.directory / "steps.jsonl").write_text(f"{line}\n")
    with pytest.raises(BadInput, match="is not a step"):
        list(runs.done())


def _records(path: Path) -> object:
    from harness.cli.summarising import recorded

    return recorded(path)
