"""`harness ab`: two targets against each other, interleaved, with the same seeds."""

from pathlib import Path
from typing import Any

import click

from harness.analysis import gate_against, parse_objectives
from harness.cli.gate import read_records, read_toml
from harness.cli.gate_outputs import GateOutputs, output_options
from harness.cli.run_series import RunSeries, refuse_own, words_of
from harness.clock import wall_time
from harness.errors import BadInput
from harness.load.price_list import bundled_prices
from harness.recording import reserve


@click.command(
    name="ab", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("scenario")
@click.option("--a", "baseline", default="", help="Options of the baseline's runs, as one text.")
@click.option("--b", "candidate", default="", help="Options of the candidate's runs.")
@click.option("--pairs", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The first.")
@click.option("--retries", type=click.IntRange(0, 10), default=1, show_default=True)
@click.option("--reports", type=click.Path(path_type=Path), default=Path("reports"))
@click.option("--slo", type=click.Path(path_type=Path), help="TOML file with the objectives.")
@click.option(
    "--allow-different", multiple=True, metavar="KEY", help="A fact that may differ between runs."
)
@output_options
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    scenario: str,
    baseline: str,
    candidate: str,
    pairs: int,
    seed: int,
    retries: int,
    reports: Path,
    slo: Path | None,
    allow_different: tuple[str, ...],
    **files: Any,
) -> int:
    """Run SCENARIO against A and B in turn (A B, B A, …) and judge B against A.

    The runs of a pair have the same seed, so the same callers say the same things at the same
    times, and follow each other, so that what drifts meanwhile is shared. What is not listed here
    goes to every `harness run`:

    \b
        harness ab conversation --a "--host wss://old" --b "--host wss://new" --calls 40 --users 10

    An INVALID run is made again --retries times. Exit codes are those of `harness gate`.
    """  # noqa: D301  (click wants the escape itself)
    outputs = GateOutputs(**files)
    with outputs.of_refusals():
        asked = None if slo is None else parse_objectives(read_toml(slo), str(slo))
        if asked is not None and not any(one.tolerance for one in asked.objectives):
            raise BadInput(
                "no objective has a tolerance, so there is nothing to compare",
                where=str(slo),
                hint="Add tolerance = 0.05 to an objective",
            )
        refuse_own(context.args, "harness ab")
        sides = {"A": words_of(baseline, "--a"), "B": words_of(candidate, "--b")}
        folder = reserve(reports, f"ab-{Path(scenario).stem}", wall_time().date())
        series = RunSeries(folder, scenario, tuple(context.args), retries)
        made: dict[str, list[Path]] = {"A": [], "B": []}
        for number in range(pairs):
            for side in ("AB", "BA")[number % 2]:
                label = f"{side} {number + 1} of {pairs}"
                made[side].append(series.run(label, seed + number, sides[side]))
        report = gate_against(
            [read_records(path) for path in made["B"]],
            [read_records(path) for path in made["A"]],
            asked,
            bundled_prices(),
            allowed=allow_different,
            in_pairs=True,
        )
    click.echo(f"Runs are in {folder}", err=True)
    return outputs.tell(report)
