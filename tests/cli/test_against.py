"""`harness run --against`: targets held in turns, and what comes of it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from harness.cli import against
from harness.cli.app import run
from harness.cli.run_series import RunSeries
from harness.errors import BadInput, ExitCode
from harness.recording import read_manifest
from tests.cli.conftest import BRIEF, record_run
from tests.load.conftest import MachineTooBusy

SIMULATOR = ("--host", "simulator")
Made = list[tuple[str, int, tuple[str, ...], tuple[str, ...]]]
WORDS = ("run", "conversation", "--calls", "4", "-u", "2")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Made:
    """Record a run in place of making one, slower by how its target is given."""
    found: Made = []

    def make(
        self: RunSeries, label: str, seed: int, options: Sequence[str] = ()
    ) -> tuple[int, Path]:
        found.append((label, seed, tuple(options), self.common))
        slower = 1.1 if "--preset" in options else 1.0 if "simulator" in options else 1.3
        return 0, record_run(self.directory, slower=slower, seed=seed, second=len(found))

    monkeypatch.setattr(RunSeries, "attempt", make)
    monkeypatch.setattr(against, "_open_a_session", lambda options: options.host)
    # Pages are drawn in tests of their own.
    monkeypatch.setattr(against, "write_report", lambda *_: None)
    monkeypatch.setattr(against, "write_comparison", lambda folder, _: folder / "against.html")
    monkeypatch.chdir(tmp_path)
    return found


def told(tmp_path: Path) -> dict[str, Any]:
    (path,) = (tmp_path / "reports").glob("*/against.json")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_targets_take_turns_with_the_same_seeds(made: Made, tmp_path: Path) -> None:
    words = [*WORDS, "--seed", "5", "--against", "simulator", "--against", "simulator:null"]
    assert run([*words, "--against", "ws://127.0.0.1:9", "--rounds", "2"]) == ExitCode.PASS
    assert [label[0] for label, *_ in made] == list("ABCCBA")
    assert [seed for _, seed, *_ in made] == [5] * 3 + [6] * 3
    assert {options for label, _, options, _ in made if label[0] == "A"} == {SIMULATOR}
    preset = (*SIMULATOR, "--preset", "null")
    assert {options for label, _, options, _ in made if label[0] == "B"} == {preset}
    assert {common for *_, common in made} == {("--users", "2", "--calls", "4")}
    document = told(tmp_path)
    assert [one["name"] for one in document["targets"]] == [
        "simulator",
        "simulator:null",
        "ws://127.0.0.1:9",
    ]


def test_the_comparison_lies_beside_the_runs(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([*WORDS, "--against", "simulator", "--against", "simulator:null"])
    assert code == ExitCode.PASS
    out = " ".join(capsys.readouterr().out.split())
    assert "simulator:null is slower than simulator by 84" in out
    document = told(tmp_path)
    (comparison,) = document["comparisons"]
    assert comparison["verdict"] == "slower"
    # Both are 801 to 880 ms, times 1.0 and 1.1.
    assert comparison["voice_to_voice"]["value"] == pytest.approx(84.05, abs=0.01)
    assert comparison["voice_to_voice"]["n"] == comparison["voice_to_voice"]["calls"] == 160
    folder = next((tmp_path / "reports").iterdir())
    for target in document["targets"]:
        for name in (*target["runs"], target["folder"]):
            assert (folder / name / "manifest.json").exists()
        assert target["turns"] == 160


def test_a_target_may_be_compared_with_itself(made: Made, tmp_path: Path) -> None:
    words = [*WORDS, "--against", "simulator", "--against", "simulator", "--rounds", "1"]
    assert run(words) == ExitCode.INCONCLUSIVE
    document = told(tmp_path)
    assert [one["name"] for one in document["targets"]] == ["simulator", "simulator (2)"]
    assert document["comparisons"][0]["verdict"] == "inconclusive"
    assert document["targets"][0]["folder"] == document["targets"][0]["runs"][0]


def test_a_cascade_is_started_by_its_run_and_called_by_its_file(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    file = folder / "agent.toml"
    file.write_text("")
    words = [*WORDS, "--against", "simulator", "--against", f"cascade:{file}", "--rounds", "1"]
    run(words)
    assert made[1][2] == ("--cascade", str(file))
    assert told(tmp_path)["targets"][1]["name"] == "cascade:agent.toml"


def test_calls_end_a_run_where_nobody_says_what_does(made: Made) -> None:
    both = ("--against", "simulator", "--against", "simulator:null", "--rounds", "1")
    run(["run", "conversation", *both])
    run(["run", "conversation", "-t", "30s", *both])
    run(["run", "ramp", *both])
    assert [common for *_, common in made[::2]] == [("--calls", "20"), ("--run-time", "30s"), ()]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--against", "simulator"], "--against: needs 2 to 8 targets, got 1"),
        (["--against", "simulator", "--against", "opnai"], "--against opnai: no such target"),
        (["--against", "simulator", "--against", "simulator:quick"], "quick: unknown preset"),
        (["--against", "simulator", "--against", "simulator:x.toml"], "x.toml: cannot be used"),
        (["--against", "simulator", "--against", "cascade:no.toml"], "no.toml: "),
        (["--against", "a", "--against", "b", "--cascade", "x"], "--cascade: cannot stand beside"),
        (["--against", "simulator", "--against", "simulator", "-t", "0"], "is no length of time"),
        (["--against", "a", "--against", "b", "--host", "ws://c"], "--host: cannot stand beside"),
        (["--against", "a", "--against", "b", "--preset", "null"], "--preset: cannot stand beside"),
        (["--against", "simulator", "--against", "simulator", "--turns", "-1"], "--turns: must"),
        (["--rounds", "3"], "--rounds: is for --against"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_run(
    words: list[str],
    what: str,
    made: Made,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*WORDS, *words]) == ExitCode.BAD_INPUT
    assert what in capsys.readouterr().err
    assert made == []
    assert not (tmp_path / "reports").exists()


def test_a_target_that_opens_no_session_is_refused_before_any_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*WORDS, "--against", "simulator", "--against", "ws://127.0.0.1:9"]
    assert run(words) == ExitCode.BAD_INPUT
    assert "cannot be reached" in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_a_refused_first_run_leaves_no_folder(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunSeries, "attempt", lambda *_: (ExitCode.BAD_INPUT, None))
    words = [*WORDS, "--against", "simulator", "--against", "simulator:null"]
    assert run(words) == ExitCode.BAD_INPUT
    assert not any((tmp_path / "reports").iterdir())


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_what_ends_early_is_compared_as_far_as_it_came(
    how: str, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = RunSeries.attempt

    def end(self: RunSeries, label: str, *more: Any) -> tuple[int, Path | None]:
        if label == "A 2 of 2":
            if how == "interrupted":
                raise click.Abort
            return -9, None
        return make(self, label, *more)

    monkeypatch.setattr(RunSeries, "attempt", end)
    words = [*WORDS, "--against", "simulator", "--against", "simulator:null"]
    assert run(words) == ExitCode.INVALID
    document = told(tmp_path)
    assert (document["rounds"], document["rounds_planned"]) == (1, 2)
    assert document["state"] == "DEGRADED"
    assert how == "killed" or document["reasons"] == ["interrupted in round 2 of 2"]
    assert how == "interrupted" or "harness run ended with -9" in document["reasons"][0]


def test_words_come_from_a_corpus_that_is_still_the_same(
    record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(record())
    clip = SimpleNamespace(id="u", transcript="good morning")

    def obtain(name: str, *_: object) -> SimpleNamespace:
        if name == "gone":
            raise BadInput("neither a corpus nor a folder")
        digest = "other" if name == "changed" else ""
        return SimpleNamespace(facts=SimpleNamespace(digest=digest), clips=[clip])

    monkeypatch.setattr(against, "obtain_corpus", obtain)
    assert against._transcripts(manifest, "") == {"u": "good morning"}
    assert against._transcripts(manifest, "changed") == {}
    assert against._transcripts(manifest, "gone") == {}
    part = replace(manifest.corpus, name="one")
    pooled = replace(manifest.corpus, parts=(part, replace(part, name="gone")))
    assert against._transcripts(replace(manifest, corpus=pooled), "") == {"one/u": "good morning"}


@pytest.mark.timeout(300)
def test_two_simulators_differ_by_what_is_known(
    short_scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = []
    for name, shift_ms in (("quick", 899), ("slow", 1_199)):
        path = tmp_path / f"{name}.toml"
        path.write_text(f"[latency]\npreset = 'null'\nshift_ms = {shift_ms}\n")
        targets += ["--against", f"simulator:{path}"]
    words = ["run", str(short_scenario), *BRIEF, "--calls", "8", *targets, "--rounds", "1"]
    code = run([*words, "--reports", str(tmp_path / "reports")])
    if code == ExitCode.INVALID:
        raise MachineTooBusy
    assert code == ExitCode.PASS
    (comparison,) = told(tmp_path)["comparisons"]
    found = comparison["voice_to_voice"]
    assert comparison["verdict"] == "slower"
    assert found["n"] + sum(one["n"] for one in comparison["unpaired"]) == 8
    # A turn that may be wrong by more than 10 ms is void.
    assert found["value"] == pytest.approx(300, abs=20)
    out = capsys.readouterr().out
    assert "simulator:slow.toml is slower than simulator:quick.toml by" in out
    page = Path(out.split()[-1])
    assert page.exists()
    assert page.with_suffix(".md").exists()
