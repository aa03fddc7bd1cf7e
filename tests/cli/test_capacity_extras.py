import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.analysis import parse_objectives
from harness.analysis.capacity.demand import demands_of
from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.spike import Spike
from harness.cli import capacity_extras
from harness.cli.capacity_extras import soak, spike
from harness.cli.capacity_steps import StepRuns
from harness.cli.run_series import RunSeries
from harness.errors import BadInput, ExitCode, RunInvalid
from harness.load.price_list import bundled_prices

# Stands in for the run of the surge: leaves a folder with a manifest.
_STUB = """#!{python}
import sys
import time
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("--reports") + 1]) / "run"
folder.mkdir()
(folder / "manifest.json").write_text("{{}}")
(folder / "words").write_text(" ".join(sys.argv[1:]))
"""
_AT_HOST: dict[str, Any] = {"host": "ws://x", "preset": None, "simulator_config": None}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StepRuns:
    stub = tmp_path / "stub"
    stub.write_text(_STUB.format(python=sys.executable))
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    tables = [{"metric": "voice_to_voice", "percentile": 95, "limit_ms": 1_000}]
    demands, _ = demands_of(parse_objectives({"objective": tables}, "slo.toml"), "slo.toml")
    folder = tmp_path / "search"
    folder.mkdir()
    series = RunSeries(folder, "conversation", ("--host", "ws://x", "--frame-ms", "20"))
    return StepRuns(series=series, demands=demands, seed=5, hold_s=40.0, spawn_rate=40.0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, record: Callable[..., Path]) -> list[Any]:
    """Note what is asked of the run of the held callers, which lasts until the surge has ended."""
    found: list[Any] = []

    def attempt(
        self: RunSeries, label: str, seed: int, options: Sequence[str] = ()
    ) -> tuple[int, Path | None]:
        found.append((label, seed, tuple(options), self.common))
        manifest = self.directory / "surge" / "run" / "manifest.json"
        for _ in range(400):
            if label != "spike" or manifest.exists():
                break
            time.sleep(0.02)
        return ExitCode.PASS, record()

    def spike_in(held: object, surge: object, *more: object) -> Spike:
        return Spike(load=3, peak=6, seconds=0, watched_s=0, why="made up")

    monkeypatch.setattr(RunSeries, "attempt", attempt)
    monkeypatch.setattr(capacity_extras, "spike_in", spike_in)
    monkeypatch.setattr(capacity_extras, "recorded", lambda path: path)
    return found


def test_a_spike_is_a_run_beside_the_run(runs: StepRuns, asked: list[Any]) -> None:
    assert spike(runs, 3, 0.1, _AT_HOST).why == "made up"
    ((label, _, options, _),) = asked
    assert label == "spike"
    assert options[:2] == ("--users", "3")
    words = (runs.series.directory / "surge" / "run" / "words").read_text()
    assert "run conversation --host ws://x --frame-ms 20 --users 3" in words


@pytest.mark.parametrize("preset", [None, "null"])
def test_without_a_host_both_call_one_simulator(
    runs: StepRuns, asked: list[Any], monkeypatch: pytest.MonkeyPatch, preset: str | None
) -> None:
    @contextmanager
    def started(preset: str, config: Path, seed: int, truth: Path) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(host="ws://127.0.0.1:9")

    monkeypatch.setattr(capacity_extras, "simulator", started)
    common = ("--preset", "null", "--simulator-config", "s.toml", "--frame-ms", "20")
    simulated = replace(runs, series=replace(runs.series, common=common))
    spike(simulated, 3, 0.1, _AT_HOST | {"host": None, "preset": preset})
    asked_at = () if preset is None else ("--host", "simulator")
    ((_, _, _, told),) = asked
    assert told == ("--simulator", "ws://127.0.0.1:9", *asked_at, "--frame-ms", "20")


def test_a_surge_without_records_is_named(
    runs: StepRuns, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunSeries, "attempt", lambda *_: (ExitCode.INVALID, None))
    with pytest.raises(RunInvalid, match="left no records"):
        spike(runs, 3, 0.1, _AT_HOST)


@pytest.mark.parametrize(("code", "error"), [(4, BadInput), (70, RunInvalid), (-9, RunInvalid)])
def test_runs_that_broke_tell_of_no_spike_and_no_soak(
    runs: StepRuns,
    monkeypatch: pytest.MonkeyPatch,
    record: Callable[..., Path],
    code: int,
    error: type[Exception],
) -> None:
    """They left records, as a run does that was killed on its way."""
    made = record()
    monkeypatch.setattr(RunSeries, "attempt", lambda *_: (code, made))
    with pytest.raises(error, match="soak: harness run"):
        soak(runs, 12, 60, bundled_prices())
    with pytest.raises(error, match="spike: harness run"):
        spike(runs, 3, 0.1, _AT_HOST)


def test_a_surge_that_broke_tells_of_no_spike(
    runs: StepRuns, asked: list[Any], tmp_path: Path
) -> None:
    with (tmp_path / "stub").open("a") as stub:
        stub.write("sys.exit(70)\n")
    with pytest.raises(RunInvalid, match="surge: harness run ended with 70"):
        spike(runs, 3, 0.1, _AT_HOST)


def test_a_soak_is_one_long_run(
    runs: StepRuns, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drifts = (Drift(what="latency", unit="ms", why="made up"),)
    monkeypatch.setattr(capacity_extras, "drifts_in", lambda *_: drifts)
    assert soak(runs, 12, 7_200, bundled_prices()) == drifts
    ((label, _, options, _),) = asked
    assert label == "soak"
    assert options == ("--users", "12", "--spawn-rate", "40", "--run-time", "7201s")


def test_a_soak_without_records_is_named(runs: StepRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunSeries, "attempt", lambda *_: (ExitCode.INVALID, None))
    with pytest.raises(RunInvalid, match="left no records"):
        soak(runs, 12, 60, bundled_prices())
