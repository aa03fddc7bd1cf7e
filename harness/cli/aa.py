"""`harness aa`: an unchanged target against itself, to know what a gate can tell here."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from harness.analysis import RunEvidence, Scale
from harness.analysis.comparison.defaults import TOLERANCE
from harness.analysis.comparison.effect import Design
from harness.analysis.comparison.likeness import refuse_unlike
from harness.analysis.comparison.power import runs_to_detect
from harness.analysis.comparison.self_comparison import (
    FEWEST_RUNS,
    AlarmRate,
    SelfComparison,
    compare_with_itself,
)
from harness.analysis.objectives.objective import Objective, Tolerance
from harness.analysis.objectives.parsing import CONFIDENCE
from harness.analysis.objectives.quantities import Percentile
from harness.cli.gate import read_records
from harness.cli.json_file import json_option, write_json
from harness.cli.many_values import ManyValues
from harness.cli.run_series import RunSeries, refuse_own
from harness.clock import wall_time
from harness.errors import BadInput, ExitCode
from harness.load.price_list import bundled_prices
from harness.recording import reserve

_CHANGES = (0.05, 0.10, 0.20)


class _SelfComparison(ManyValues):
    many = "--runs"


@click.command(
    name="aa",
    cls=_SelfComparison,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("scenario", required=False)
@click.option(
    "--runs",
    multiple=True,
    metavar="RUN...",
    type=click.Path(path_type=Path),
    help="Runs there are already, in place of SCENARIO.",
)
@click.option("--times", type=click.IntRange(FEWEST_RUNS, 100), default=8, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The first.")
@click.option("--retries", type=click.IntRange(0, 10), default=1, show_default=True)
@click.option("--reports", type=click.Path(path_type=Path), default=Path("reports"))
@click.option("--metric", default="voice_to_voice", show_default=True)
@click.option("--percentile", type=click.FloatRange(0, 100, True, True), default=95.0)
@click.option("--tolerance", type=click.FloatRange(0, 1), default=TOLERANCE, show_default=True)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    scenario: str | None,
    runs: tuple[Path, ...],
    times: int,
    seed: int,
    retries: int,
    reports: Path,
    metric: str,
    percentile: float,
    tolerance: float,
    target: Path | None,
) -> int:
    """Run SCENARIO --times times against one target and compare the runs with each other.

    Reports how far runs of an unchanged target differ here, how often the gate would have called
    that a regression, and how many runs a change of 5, 10 or 20 % would take. What is not listed
    here goes to every `harness run`.
    """
    objective = Objective(
        quantity=_quantity(metric, percentile),
        tolerance=Tolerance(tolerance, Scale.RATIO),
        primary=True,
    )
    if (scenario is None) == (not runs):
        raise BadInput("needs SCENARIO or --runs", where="harness aa", hint="Give one of them")
    if scenario is not None:
        refuse_own(context.args, "harness aa")
        folder = reserve(reports, f"aa-{Path(scenario).stem}", wall_time().date())
        series = RunSeries(folder, scenario, tuple(context.args), retries)
        runs = tuple(series.run(f"run {n + 1} of {times}", seed + n) for n in range(times))
        click.echo(f"Runs are in {folder}", err=True)
    elif context.args:
        raise BadInput(
            f"does not know {context.args[0]}", where="harness aa", hint="See harness aa --help"
        )
    records = [read_records(path) for path in runs]
    refuse_unlike(records)
    evidence = [RunEvidence(run, bundled_prices()) for run in records]
    found = compare_with_itself(evidence, objective, CONFIDENCE)
    for line in _told(found, tolerance):
        click.echo(line)
    write_json(target, _document(found, tolerance))
    return ExitCode.PASS


def _quantity(metric: str, percentile: float) -> Percentile:
    from harness.analysis import parse_objectives

    table = {"metric": metric, "percentile": percentile, "tolerance": 0.0}
    (objective,) = parse_objectives({"objective": [table]}, "harness aa").objectives
    assert isinstance(objective.quantity, Percentile)
    return objective.quantity


def _told(found: SelfComparison, tolerance: float) -> Iterator[str]:
    low, high = min(found.values), max(found.values)
    count = len(found.values)
    yield f"{'measured':<18}{found.objective.subject}: {low:.0f} to {high:.0f} ms in {count} runs"
    yield (
        f"{'run-to-run SD':<18}{found.sd:.1%} [{found.sd_low:.1%}, {found.sd_high:.1%}];"
        f" {found.between.sd:.1%} beyond chance within the runs (--run-sd {found.between.sd:.3f})"
    )
    half = count // 2
    yield f"{f'{half} against {count - half}':<18}{_alarms(found.splits, tolerance)}"
    yield f"{'1 against 1':<18}{_alarms(found.singles, tolerance)}, with that SD between runs"
    for change in _CHANGES:
        if change > tolerance:
            runs = _runs(found, change, tolerance)
            needed = "too many runs" if runs is None else f"{runs} runs a side"
            yield f"{f'to find +{change:.0%}':<18}{needed} like these, in 4 of 5 cases"
    yield "note: comparisons of the same runs are not independent; more runs make the rates surer"


def _alarms(rate: AlarmRate, tolerance: float) -> str:
    failed, slower = (count / rate.comparisons for count in (rate.beyond_tolerance, rate.slower))
    return (
        f"{rate.beyond_tolerance} of {rate.comparisons} gates failed ({failed:.1%}) at a tolerance"
        f" of {tolerance:.0%}; {slower:.1%} at none (nominal {1 - CONFIDENCE:.0%})"
    )


def _runs(found: SelfComparison, change: float, tolerance: float) -> int | None:
    beyond = math.log1p(change) - math.log1p(tolerance)
    return runs_to_detect(beyond, found.sd, CONFIDENCE, design=Design.UNPAIRED)


def _document(found: SelfComparison, tolerance: float) -> dict[str, object]:
    return {
        "subject": found.objective.subject,
        "tolerance": tolerance,
        "values_ms": list(found.values),
        "run_sd": found.sd,
        "run_sd_low": found.sd_low,
        "run_sd_high": found.sd_high,
        "between_sd": found.between.sd,
        "splits": asdict(found.splits),
        "singles": asdict(found.singles),
        "runs_needed": {f"{change:g}": _runs(found, change, tolerance) for change in _CHANGES},
    }
