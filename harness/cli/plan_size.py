"""`harness plan`: what a wanted precision takes, before any money is spent."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import click

from harness.analysis import RunEvidence, parse_objectives
from harness.analysis.comparison.defaults import TOLERANCE
from harness.analysis.comparison.effect import Design
from harness.analysis.comparison.pilot import pilot_of
from harness.analysis.comparison.planning import (
    SESSION_COUNTS,
    Chance,
    Effort,
    Step,
    assumed_chance,
    for_detection,
    for_precision,
)
from harness.analysis.objectives.parsing import CONFIDENCE
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.planned_cost import session_cost, session_length_s
from harness.analysis.prices import TimeTariff
from harness.cli.duration import in_words
from harness.cli.gate import read_records
from harness.cli.json_file import json_option, write_json
from harness.errors import BadInput, ExitCode
from harness.load.price_list import bundled_prices

_MOST_SHOWN = 5
_ASSUMED_SESSIONS = 100


@click.command(name="plan")
@click.argument("pilot", required=False, metavar="[PILOT]", type=click.Path(path_type=Path))
@click.option("--metric", default="voice_to_voice", show_default=True)
@click.option("--percentile", type=float, default=95.0, show_default=True)
@click.option(
    "--precision",
    type=click.FloatRange(0.001, 1),
    default=0.05,
    show_default=True,
    help="Half-width of the 95 % interval within one run, as a share.",
)
@click.option(
    "--detect",
    type=click.FloatRange(0.001, 10),
    default=0.10,
    show_default=True,
    help="The change that a comparison is to find, as a share.",
)
@click.option("--tolerance", type=click.FloatRange(0, 1), default=TOLERANCE, show_default=True)
@click.option(
    "--run-sd",
    type=click.FloatRange(0, 1),
    default=0.03,
    show_default=True,
    help="How runs of an unchanged target differ; `harness aa` finds it.",
)
@click.option("--paired", is_flag=True, help="Runs in pairs, as `harness ab` makes them.")
@click.option(
    "--sessions", type=click.IntRange(2), help="Sessions a run. Default: what is quickest."
)
@click.option("--users", type=click.IntRange(1), help="Sessions at once. Default: the pilot's, 10.")
@click.option("--turns", type=click.IntRange(1), default=6, show_default=True, help="A session.")
@click.option(
    "--spread",
    type=click.FloatRange(0.01, 3),
    default=0.35,
    show_default=True,
    help="Without a pilot: SD of the logarithm of a turn's latency.",
)
@click.option(
    "--icc",
    type=click.FloatRange(0, 0.99),
    default=0.2,
    show_default=True,
    help="Without a pilot: how alike the turns of a session are.",
)
@click.option("--model", default="gpt-realtime-2.1", show_default=True, help="Without a pilot.")
@click.option("--caller-s", type=click.FloatRange(0.1, 600), default=3.5, show_default=True)
@click.option("--agent-s", type=click.FloatRange(0.1, 600), default=6.0, show_default=True)
@json_option
def command(
    *,
    pilot: Path | None,
    metric: str,
    percentile: float,
    precision: float,
    detect: float,
    tolerance: float,
    run_sd: float,
    paired: bool,
    sessions: int | None,
    users: int | None,
    turns: int,
    spread: float,
    icc: float,
    model: str,
    caller_s: float,
    agent_s: float,
    target: Path | None,
) -> int:
    """Compute the turns, sessions, runs, time and cost that a wanted precision takes.

    From PILOT, a run's folder, or from what is assumed. A change is found when the gate fails in
    four of five cases. Costs are at the list prices of the model; without a pilot they are those
    of the audio alone, a floor.
    """
    quantity = _quantity(metric, percentile)
    if detect <= tolerance:
        raise BadInput(
            f"a change of {detect:.1%} is within the tolerance of {tolerance:.1%}",
            where="--detect",
            hint="Ask for a larger change, or tolerate less",
        )
    if pilot is not None:
        known = pilot_of(
            RunEvidence(read_records(pilot), bundled_prices()), quantity, bundled_prices()
        )
        chance, effort, currency = known.chance, known.effort, known.currency
        source = f"pilot {pilot.name}" + (f"; cost: {known.why}" if known.why else "")
    else:
        chance = assumed_chance(
            quantity.percent / 100,
            spread=spread,
            icc=icc,
            turns_per_session=turns,
            sessions=_ASSUMED_SESSIONS,
        )
        effort, currency = _assumed_effort(turns, caller_s, agent_s, model)
        source = f"assumed: SD {spread:g} of the logarithm, ICC {icc:g}, {turns} turns a session"
    if users is not None:
        effort = replace(effort, at_once=users)
    precise = for_precision(chance, precision, effort, CONFIDENCE)
    design = Design.PAIRED if paired else Design.UNPAIRED
    ways = for_detection(
        chance,
        detect,
        tolerance,
        run_sd,
        effort,
        CONFIDENCE,
        design=design,
        sessions=SESSION_COUNTS if sessions is None else (sessions,),
    )
    click.echo(f"{'from':<16}{source}; SD between runs {run_sd:.1%}")
    click.echo(f"{'chance':<16}{_chance(chance)}")
    click.echo(f"{f'±{precision:.0%}':<16}{_step(precise, effort, currency)}, in one run")
    for line in _detection(ways, design, effort, currency, f"+{detect:.0%}", tolerance):
        click.echo(line)
    document = {
        "subject": str(quantity),
        "chance": asdict(chance),
        "effort": asdict(effort),
        "currency": currency,
        "precision": asdict(precise),
        "design": str(design),
        "detection": [asdict(way) for way in ways],
    }
    write_json(target, document)
    return ExitCode.PASS


def _quantity(metric: str, percentile: float) -> Percentile:
    table = {"metric": metric, "percentile": percentile, "tolerance": 0.0}
    (objective,) = parse_objectives({"objective": [table]}, "harness plan").objectives
    assert isinstance(objective.quantity, Percentile)
    return objective.quantity


def _assumed_effort(turns: int, caller_s: float, agent_s: float, model: str) -> tuple[Effort, str]:
    prices = bundled_prices()
    found = prices.of_model(model)
    if found is None:
        raise BadInput(
            f"no price for model {model!r}",
            where="--model",
            hint=f"Known are {', '.join(prices.models)}",
        )
    length_s = session_length_s(turns, caller_s, agent_s)
    if isinstance(found, TimeTariff):
        paid = float(found.of_seconds(Decimal(length_s)))
    else:
        paid = session_cost(turns, caller_s, agent_s, found)
    return Effort(session_s=length_s, at_once=10, cost=paid), prices.currency


def _chance(chance: Chance) -> str:
    return (
        f"standard error {chance.se:.1%} in a run of {chance.sessions} sessions of"
        f" {chance.turns_per_session:.1f} turns; design effect {chance.design_effect:.2f}"
    )


def _detection(
    ways: Sequence[Step],
    design: Design,
    effort: Effort,
    currency: str,
    change: str,
    tolerance: float,
) -> Iterator[str]:
    if not ways:
        yield (
            f"{change:<16}more runs than are practical; lower the tolerance, or ask for a larger"
            " change"
        )
        return
    unit = "pairs" if design is Design.PAIRED else "runs a side"
    for number, way in enumerate(ways[:_MOST_SHOWN]):
        head = change if number == 0 else "or"
        yield f"{head:<16}{way.runs} {unit} of {_step(way, effort, currency)}"
    words = f"harness run SCENARIO --calls {ways[0].sessions} --users {effort.at_once}"
    if design is Design.PAIRED:
        words = words.replace("run", "ab", 1) + f" --pairs {ways[0].runs} --a … --b …"
    yield f"{'so':<16}{words}, tolerance {tolerance:.0%}"


def _step(step: Step, effort: Effort, currency: str) -> str:
    words = f"{step.sessions} sessions, {effort.at_once} at once: {step.turns} turns in all"
    words += f", {in_words(step.seconds)}"
    return words if step.cost is None else f"{words}, {currency} {step.cost:.2f}"
