"""The steps of a capacity search: each a run, in a folder that a search can go on from."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis.capacity.demand import Demand
from harness.analysis.capacity.held_run import HeldCallers, step_of
from harness.analysis.capacity.step import StepResult
from harness.cli.run_series import RunSeries
from harness.cli.summarising import recorded
from harness.clock import now_ns
from harness.errors import BadInput, ExitCode, RunInvalid
from harness.load.price_list import bundled_prices
from harness.model import NS_PER_S
from harness.recording import replace_file
from harness.recording.files import append_bytes

_SEARCH, _STEPS = "search.json", "steps.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRuns:
    """Runs steps and keeps what they came to.

    Attributes:
        series: Where and how runs are made.
        demands: What a load is held to.
        seed: Of the first step; each has the next.
        hold_s: How long callers are held once all are calling.
        spawn_rate: Callers started a second.
    """

    series: RunSeries
    demands: tuple[Demand, ...]
    seed: int
    hold_s: float
    spawn_rate: float

    def begin(self, facts: dict[str, Any]) -> None:
        """Write down what is searched, or compare an existing folder with it.

        Raises:
            BadInput: The folder is of another search.
        """
        path = self.series.directory / _SEARCH
        if not path.exists():
            replace_file(path, json.dumps(facts, indent=2).encode() + b"\n")
            return
        try:
            before = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise BadInput("cannot be read", where=str(path), hint="Give another folder") from error
        for key, value in facts.items():
            if before.get(key) != value:
                raise BadInput(
                    f"was begun with {_other(key, before.get(key), value)}",
                    where=str(self.series.directory),
                    hint="Give what it was begun with, or another folder to --into",
                )

    def done(self) -> Iterator[StepResult]:
        """Yield what the steps of this folder came to, from their records.

        Raises:
            BadInput: A record cannot be read.
        """
        path = self.series.directory / _STEPS
        if not path.exists():
            return
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                kept = json.loads(line)
                step = self._result(**kept)
            except (ValueError, TypeError) as error:
                raise BadInput(
                    "is not a step", where=f"{path}:{number}", hint="Give another folder to --into"
                ) from error
            yield step

    def make(self, load: int, number: int, label: str) -> StepResult:
        """Run one step and keep it.

        Args:
            load: Callers to hold.
            number: Of the step, from 0.
            label: What to call it meanwhile.

        Raises:
            BadInput: `harness run` refused.
            RunInvalid: It was killed, or ended as no run should.
        """
        asked = self.asked(load)
        began_ns = now_ns()
        path = self.attempt(label, number, asked)
        kept = {
            "load": load,
            "run": None if path is None else path.name,
            "ramp_s": asked.ramp_s,
            "hold_s": asked.hold_s,
            "seconds": round((now_ns() - began_ns) / NS_PER_S, 1),
        }
        append_bytes(self.series.directory / _STEPS, json.dumps(kept).encode() + b"\n")
        return self._result(**kept)  # type: ignore[arg-type]

    def attempt(self, label: str, number: int, asked: HeldCallers) -> Path | None:
        """Make one run of held callers and return its folder, if it left one.

        Args:
            label: What to call it meanwhile.
            number: What to add to the seed.
            asked: Whom to hold, and for how long.

        Raises:
            BadInput: `harness run` refused.
            RunInvalid: It was killed, or ended as no run should.
        """
        code, path = self.series.attempt(label, self.seed + number, self.options(asked))
        if code == ExitCode.BAD_INPUT:
            raise BadInput("harness run refused it", where=label, hint="What it said stands above")
        self.refuse_broken(code, label)
        return path

    def refuse_broken(self, code: int, label: str) -> None:
        """Refuse a run that ended as no run should: its records say nothing.

        Raises:
            RunInvalid: With where it is told why.
        """
        if code not in (ExitCode.PASS, ExitCode.INVALID):
            raise RunInvalid(
                f"harness run ended with {code}",
                where=label,
                hint=f"What it printed is in {self.series.directory}; the steps before it stay",
            )

    def asked(self, load: int) -> HeldCallers:
        """Return what a step with so many callers is asked to do."""
        ramp_s = float(math.ceil((load - 1) / self.spawn_rate))
        return HeldCallers(load=load, ramp_s=ramp_s, hold_s=self.hold_s)

    def options(self, asked: HeldCallers) -> tuple[str, ...]:
        """Return the options of a step's run."""
        return (
            *("--users", str(asked.load), "--spawn-rate", f"{self.spawn_rate:g}"),
            *("--run-time", f"{math.ceil(asked.end_s)}s"),
        )

    def _result(
        self, *, load: int, run: str | None, ramp_s: float, hold_s: float, seconds: float
    ) -> StepResult:
        if run is None:
            return StepResult(load=load, run="", seconds=seconds, unfit="the run left no records")
        asked = HeldCallers(load=load, ramp_s=ramp_s, hold_s=hold_s)
        records = recorded(self.series.directory / run)
        return step_of(records, bundled_prices(), self.demands, asked, seconds)


def _other(key: str, before: Any, now: Any) -> str:
    """Say how a search differs; options are kept as a digest only, since they may hold secrets."""
    if key == "options":
        return "other options of harness run"
    return f"another {key}: {before!r}, not {now!r}"
