import math
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis import GateVerdict
from harness.bench import gate_end_to_end
from harness.bench.gate_end_to_end import (
    INJECTIONS,
    Injection,
    Outcome,
    configuration,
    judge,
    measure,
    turns,
)
from harness.errors import ExitCode, RunInvalid
from harness.model import NoProgress, Run
from harness.recording import read_run
from harness.simulator.chance.presets import Preset
from harness.simulator.configfile import read_config
from tests.cli.conftest import record_run

BY_NAME = {one.what: one for one in INJECTIONS}


def runs(root: Path, slower: float) -> list[Run]:
    """Record three runs that differ a little from each other."""
    return [
        read_run(record_run(root, slower=slower * (1 + n / 2_000), seed=n, second=n))
        for n in range(3)
    ]


def latencies(injection: Injection, folder: Path) -> Preset:
    file = folder / "simulator.toml"
    file.write_text(configuration(7, injection.latency))
    config = read_config(file)
    assert config.seed == 7
    return config.preset


def test_simulators_are_slower_by_what_is_said(tmp_path: Path) -> None:
    plain, shifted, scaled, late = (latencies(one, tmp_path) for one in INJECTIONS)
    assert shifted.latency_quantile_ms(0.5) - plain.latency_quantile_ms(0.5) == pytest.approx(25)
    ratio = scaled.latency_quantile_ms(0.95) / plain.latency_quantile_ms(0.95)
    assert ratio == pytest.approx(math.exp(BY_NAME["+10 %"].worse))
    worse = plain.latency_below(1200) - late.latency_below(1200)
    assert worse == pytest.approx(BY_NAME["+1 s in 1 % of turns"].worse)


def test_sides_go_there_and_back_again() -> None:
    assert list(turns(2, 3)) == [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("injected", "slower", "verdict", "kept"),
    [
        ("nothing", 1.0, GateVerdict.PASS, True),
        ("nothing", 1.1, GateVerdict.FAIL, False),
        ("+10 %", 1.1, GateVerdict.FAIL, True),
        ("+10 %", 1.0, GateVerdict.PASS, False),
    ],
)
def test_a_change_is_to_be_found_and_nothing_else(
    injected: str, slower: float, verdict: GateVerdict, kept: bool, tmp_path: Path
) -> None:
    outcome = judge(BY_NAME[injected], runs(tmp_path, slower), runs(tmp_path, 1.0))
    assert (outcome.comparison.verdict, outcome.kept) == (verdict, kept)


@pytest.mark.parametrize(
    ("low", "high", "needed", "kept"),
    [(0.0, 0.2, 9, True), (0.0, 0.09, 9, False), (0.0, 0.2, None, False), (0.0, 0.2, 3, False)],
)
def test_an_inconclusive_verdict_leaves_room_for_the_truth_and_asks_for_more(
    low: float, high: float, needed: int | None, kept: bool, tmp_path: Path
) -> None:
    sides = runs(tmp_path, 1.1), runs(tmp_path, 1.0)
    for injected, holds in (("+10 %", kept), ("nothing", False)):
        report = judge(BY_NAME[injected], *sides).report
        found = replace(
            report.comparisons[0],
            verdict=GateVerdict.INCONCLUSIVE,
            low=low,
            high=high,
            runs_needed=needed,
        )
        unsure = replace(report, comparisons=(found,))
        assert Outcome(injection=BY_NAME[injected], report=unsure).kept is holds


class FakeSimulator:
    """A simulator whose address is the number of its configuration."""

    def __init__(self, *words: str) -> None:
        self._number = Path(words[-1]).stem.rpartition("-")[2]

    def __enter__(self) -> "FakeSimulator":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def address(self) -> str:
        return f"ws://{self._number}"


def test_every_injection_is_held_against_the_same_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def run(root: Path, host: str, seed: int) -> Run:
        made.append(host)
        slower = 1.1 if host == "ws://3" else 1.0
        return read_run(record_run(tmp_path, slower=slower * (1 + seed / 2_000), seed=seed))

    monkeypatch.setattr(gate_end_to_end, "Child", FakeSimulator)
    monkeypatch.setattr(gate_end_to_end, "_run", run)
    found = measure(NoProgress())
    assert [one.injection for one in found] == list(INJECTIONS)
    verdicts = [str(one.comparison.verdict) for one in found]
    assert verdicts == ["pass", "pass", "fail", "inconclusive"], "80 turns do not tell of 1 %"
    assert len({one.report.baseline for one in found}) == 1
    assert made[:10] == [*(f"ws://{n}" for n in range(5)), *(f"ws://{n}" for n in range(4, -1, -1))]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Have runs end with INVALID so often, and with success then; returns what they ended with."""

    def let(invalid: int) -> list[int]:
        codes: list[int] = []

        def run(words: Sequence[str], **settings: Any) -> "subprocess.CompletedProcess[str]":
            codes.append(ExitCode.PASS if len(codes) == invalid else ExitCode.INVALID)
            if codes[-1] == ExitCode.PASS:
                record_run(Path(words[-1]))
            return subprocess.CompletedProcess(words, codes[-1], stderr="at first\nit stalled\n")

        monkeypatch.setattr(subprocess, "run", run)
        return codes

    return let


def test_a_run_that_the_machine_spoiled_is_made_again(
    tmp_path: Path, ended: Callable[[int], list[int]]
) -> None:
    codes = ended(1)
    assert len(gate_end_to_end._run(tmp_path, "ws://a", 1).turns) == 80
    assert codes == [ExitCode.INVALID, ExitCode.PASS]


def test_a_run_that_stays_invalid_is_told_with_its_last_words(
    tmp_path: Path, ended: Callable[[int], list[int]]
) -> None:
    codes = ended(99)
    with pytest.raises(RunInvalid, match="ended with 3 and said last: it stalled"):
        gate_end_to_end._run(tmp_path, "ws://a", 1)
    assert len(codes) == 3
