"""What `harness capacity` does after the limit is known: a spike, and a soak."""

import subprocess
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness.analysis.capacity.after_limit import drifts_in, spike_in
from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.held_run import HeldCallers
from harness.analysis.capacity.spike import Spike
from harness.analysis.prices import PriceList
from harness.cli.capacity_steps import StepRuns
from harness.cli.duration import in_words
from harness.cli.run_processes import simulator
from harness.cli.summarising import recorded
from harness.errors import RunInvalid
from harness.load.price_list import bundled_prices
from harness.load.targets import SIMULATOR

_SURGE = "surge"
# Seeds of these runs lie far from those of steps.
_SPIKE_SEED, _SURGE_SEED, _SOAK_SEED = 100_001, 100_002, 100_003
# How long it may take a run to come to its first call.
_BEGIN_S = 30.0
_END_LIMIT_S = 60.0


def spike(runs: StepRuns, calls: int, seconds: float, given: Mapping[str, Any]) -> Spike:
    """Hold callers, let as many come on top for a while, and say what that did.

    Args:
        runs: How runs are made.
        calls: Callers held throughout.
        seconds: How long the others stay, and the quiet before; the time after is twice that.
        given: What the command was told of the target.

    Raises:
        BadInput: `harness run` refused.
        RunInvalid: A run was killed, ended as no run should or left no records.
    """
    asked = replace(runs.asked(calls), hold_s=4 * seconds + 2 * _BEGIN_S)
    click.echo(
        f"spike: {calls} calls, {2 * calls} for {in_words(seconds)};"
        f" {in_words(asked.end_s)} in all",
        err=True,
    )
    folder = runs.series.directory / _SURGE
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    series = runs.series
    with ExitStack() as stack:
        if given["host"] in (None, SIMULATOR):
            truth = folder / f"truth-{len(before)}.jsonl"
            started = simulator(
                given["preset"], given["simulator_config"], runs.seed + _SPIKE_SEED, truth
            )
            at = ["--simulator", stack.enter_context(started).host]
            if given["preset"] is not None or given["simulator_config"] is not None:
                at += ["--host", SIMULATOR]
            series = replace(series, common=(*at, *_without_target(series.common)))
        surge = _Surge(
            series.words(
                runs.seed + _SURGE_SEED,
                runs.options(HeldCallers(load=calls, ramp_s=asked.ramp_s, hold_s=seconds)),
                folder,
            ),
            folder,
        )
        starting = threading.Timer(asked.ramp_s + seconds, surge.start)
        starting.start()
        stack.callback(surge.end)
        stack.callback(starting.cancel)
        held = replace(runs, series=series).attempt("spike", _SPIKE_SEED, asked)
    if surge.code is not None:
        runs.refuse_broken(surge.code, "surge")
    made = [path for path in set(folder.iterdir()) - before if (path / "manifest.json").exists()]
    if held is None or len(made) != 1:
        raise RunInvalid(
            "the runs of the spike left no records",
            where=str(folder),
            hint="What they printed is beside them; the search before it stays",
        )
    return spike_in(recorded(held), recorded(made[0]), bundled_prices(), runs.demands, asked)


def soak(runs: StepRuns, calls: int, seconds: float, prices: PriceList) -> tuple[Drift, ...]:
    """Hold callers for long and say what drifts.

    Args:
        runs: How runs are made.
        calls: Callers to hold.
        seconds: For how long.
        prices: The price list.

    Raises:
        BadInput: `harness run` refused.
        RunInvalid: It was killed, ended as no run should or left no records.
    """
    asked = replace(runs.asked(calls), hold_s=seconds)
    click.echo(f"soak: {calls} calls for {in_words(seconds)}", err=True)
    made = runs.attempt("soak", _SOAK_SEED, asked)
    if made is None:
        raise RunInvalid(
            "the run of the soak left no records",
            where=str(runs.series.directory),
            hint="What it printed is in soak.log",
        )
    return drifts_in(recorded(made), prices, asked)


class _Surge:
    """The callers that come on top: a run beside the run."""

    code: int | None = None
    """How it ended; `None` where it was not started."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self._words, self._folder = words, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with (self._folder / "surge.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._words, stdout=log, stderr=log, start_new_session=True
            )

    def end(self) -> None:
        """Wait for its end, and make it end where it does not."""
        if self._process is None:
            return
        try:
            self.code = self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.code = self._process.wait(_END_LIMIT_S)


def _without_target(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return options without those of the simulator, which is there already."""
    kept, skipped = [], False
    for word in words:
        if skipped:
            skipped = False
        elif word in ("--preset", "--simulator-config"):
            skipped = True
        else:
            kept.append(word)
    return tuple(kept)
