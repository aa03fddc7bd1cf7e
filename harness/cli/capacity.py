"""`harness capacity`: the largest number of held calls that meets all objectives."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from harness.analysis import parse_objectives
from harness.analysis.capacity.boundary import bracket
from harness.analysis.capacity.demand import demands_of
from harness.analysis.capacity.findings import CapacityFindings, findings_of
from harness.analysis.capacity.limit import fit_steps
from harness.analysis.capacity.search import IN_WORDS, Ending, Search, SearchRule
from harness.analysis.capacity.step import StepResult
from harness.cli.capacity_extras import soak, spike
from harness.cli.capacity_steps import StepRuns
from harness.cli.duration import DURATION, in_words
from harness.cli.gate import read_toml
from harness.cli.run import find_scenario
from harness.cli.run_series import RunSeries, refuse_own
from harness.clock import wall_time
from harness.errors import BadInput, ExitCode
from harness.load.price_list import bundled_prices
from harness.recording import replace_file, reserve
from harness.recording.reading import read_manifest
from harness.report.ci.capacity import capacity_document, capacity_text
from harness.report.ci.document import EXIT_CODES
from harness.report.formatting import counted

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
# What a step says to its run, and so nobody else may.
_OWN = ("--users", "-u", "--spawn-rate", "-r", "--run-time", "-t", "--calls")


@click.command(
    "capacity", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("scenario")
@click.option("--slo", type=_FILE, required=True, help="TOML file with the objectives.")
@click.option("--host", help="Address of the API, or `simulator`; without one as in `harness run`.")
@click.option("--preset", help="The simulator's latencies.")
@click.option("--simulator-config", type=_FILE, help="The simulator's TOML file.")
@click.option(
    "--start", type=click.IntRange(1), default=1, show_default=True, help="First load, in calls."
)
@click.option(
    "--most", type=click.IntRange(1), default=1_000, show_default=True, help="Largest load."
)
@click.option(
    "--hold",
    type=DURATION,
    default="60s",
    show_default=True,
    help="How long all are held in a step.",
)
@click.option(
    "--spawn-rate",
    type=click.FloatRange(0.1),
    default=5.0,
    show_default=True,
    help="Callers started a second.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0.01, 1),
    default=0.08,
    show_default=True,
    help="How near the two loads beside the limit come, as a share.",
)
@click.option(
    "--repeats",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Runs at each of them.",
)
@click.option(
    "--at-least", type=click.IntRange(1), help="Exit code 0 where so many are held, 1 where not."
)
@click.option("--budget", type=DURATION, help="Time for all steps, such as 2h.")
@click.option(
    "--budget-cost",
    type=click.FloatRange(0),
    help="Money for all steps, in the price list's currency.",
)
@click.option("--spike", "spike_s", type=DURATION, help="Then twice the limit for this long.")
@click.option("--soak", "soak_s", type=DURATION, help="Then the limit for this long, such as 2h.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the first step; each has the next.",
)
@click.option(
    "--reports",
    type=_FOLDER,
    default=Path("reports"),
    show_default=True,
    help="Where to put the folder.",
)
@click.option("--into", type=_FOLDER, help="Folder of the search; one begun before goes on.")
@click.option("--json", "document", type=_FILE, help="Write the findings to this file as well.")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    scenario: str,
    slo: Path,
    at_least: int | None,
    spike_s: float | None,
    soak_s: float | None,
    document: Path | None,
    **given: Any,
) -> int:
    """Find how many held calls of SCENARIO meet all objectives, and where it breaks.

    Every step is a run of so many callers, held for --hold after all have called: doubling until an
    objective is missed, points in between in random order, repeats beside the limit. What is not
    listed here goes to every `harness run`. A search that was interrupted goes on with --into.

    Exit code 0: found (or --at-least shown). 1: not even one call (or --at-least missed). 2: a
    budget was spent, --most held, or nothing told of an objective. 3: the generator is the limit.
    4: bad input.
    """
    find_scenario(scenario)
    demands, notes = demands_of(parse_objectives(read_toml(slo), str(slo)), str(slo))
    refuse_own(context.args, "harness capacity")
    _refuse_loads(context.args)
    rule = _rule(given)
    target = _target(given)
    folder = given["into"]
    if folder is None:
        name = f"capacity-{Path(scenario).stem}"
        folder = reserve(given["reports"], name, wall_time().date())
    folder.mkdir(parents=True, exist_ok=True)
    runs = StepRuns(
        series=RunSeries(folder, scenario, (*target, *context.args)),
        demands=demands,
        seed=given["seed"],
        hold_s=given["hold"],
        spawn_rate=given["spawn_rate"],
    )
    runs.begin(
        {
            "scenario": scenario,
            "options": _digest(runs.series.common),
            "objectives": [str(demand.objective) for demand in demands],
            "hold_s": runs.hold_s,
            "spawn_rate": runs.spawn_rate,
            "seed": runs.seed,
        }
    )
    search = Search(rule, np.random.default_rng(runs.seed), list(runs.done()))
    _run(search, runs, folder)
    found = findings_of(search, notes)
    keep = partial(
        _keep, facts=_facts(runs, found.steps), folder=folder, document=document, wanted=at_least
    )
    more = {"spike": spike_s, "soak": soak_s}
    asked = [name for name, seconds in more.items() if seconds is not None]
    calls, why = _load_after(found)
    if calls:
        # What breaks off after a long search must not take its result away.
        keep(replace(found, not_made=tuple((name, "it did not come to its end") for name in asked)))
        if spike_s is not None:
            found = replace(found, spike=spike(runs, calls, spike_s, given))
        if soak_s is not None:
            found = replace(found, soak=soak(runs, calls, soak_s, bundled_prices()))
    else:
        found = replace(found, not_made=tuple((name, why) for name in asked))
    page = keep(found)
    for line in capacity_text(found):
        click.echo(line)
    click.echo(f"Report: {page}", err=True)
    return _exit_code(found, at_least)


def _rule(given: Mapping[str, Any]) -> SearchRule:
    if given["start"] > given["most"]:
        raise BadInput(
            f"is {given['start']}, more than --most {given['most']}",
            where="--start",
            hint="Begin below the largest load",
        )
    return SearchRule(
        start=given["start"],
        most=given["most"],
        precision=given["precision"],
        repeats=given["repeats"],
        fewest_repeats=min(given["repeats"], SearchRule().fewest_repeats),
        budget_s=given["budget"],
        budget_cost=given["budget_cost"],
    )


def _target(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what every run is told of its target."""
    words: list[str] = []
    for name in ("host", "preset", "simulator_config"):
        if given[name] is not None:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    return tuple(words)


def _refuse_loads(words: list[str]) -> None:
    """Refuse options that say how many callers there are, or for how long.

    Raises:
        BadInput: One is there.
    """
    for word in words:
        if word.partition("=")[0] in _OWN:
            raise BadInput(
                f"{word} is what the search decides",
                where="harness capacity",
                hint="Give --start, --most, --hold or --spawn-rate",
            )


def _run(search: Search, runs: StepRuns, folder: Path) -> None:
    """Run the steps that are left."""
    if search.results:
        click.echo(f"Done before: {counted(len(search.results), 'step')}", err=True)
    try:
        while (load := search.next) is not None:
            number = len(search.results)
            label = f"step {number + 1}, {load} calls"
            click.echo(f"{label}; {_outlook(search)}", err=True)
            result = runs.make(load, number, f"step {number + 1}")
            search.record(result)
            click.echo(f"  {_told(result)}", err=True)
    except click.Abort:
        click.echo(f"Go on with --into {folder}", err=True)
        raise


def _outlook(search: Search) -> str:
    """Say where the limit lies so far, and what is left."""
    fit = fit_steps(search.results)
    if not fit:
        return "the first"
    beside = bracket(fit)
    so_far = f"limit between {beside[0]} and {beside[1]}" if beside else "no limit seen so far"
    each = sum(step.seconds for step in search.results) / len(search.results)
    left = search.steps_left
    return f"{so_far}; about {counted(left, 'step')}, {in_words(left * each)} left"


def _told(step: StepResult) -> str:
    if step.untold:
        return f"says nothing: {step.unfit}"
    if step.unfit:
        return f"says nothing of the target, since the generator was unfit: {step.unfit}"
    worst = step.tightest
    verdict = "meets all objectives" if step.margin >= 0 else "misses it"
    shares = f"{worst.share:.1%} missed it, {worst.allowed:.1%} may"
    return f"{step.turns} turns; {worst.subject}: {shares}: {verdict}"


def _digest(words: tuple[str, ...]) -> str:
    """Return what tells options from others, without them: an address may hold a password."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _facts(runs: StepRuns, steps: tuple[StepResult, ...]) -> tuple[tuple[str, str], ...]:
    """Return what was searched, by name; the target as the first run recorded it."""
    series = runs.series
    facts = [
        ("Scenario", Path(series.scenario).stem),
        ("Objectives", "; ".join(str(demand.objective) for demand in runs.demands)),
        ("Held", f"{in_words(runs.hold_s)} a step, {runs.spawn_rate:g} callers started a second"),
        ("Seed", f"{runs.seed} and the numbers after it, one a step"),
    ]
    first = next((step.run for step in steps if step.run), None)
    if first is not None:
        manifest = read_manifest(series.directory / first)
        target = "the simulator" if manifest.simulated else manifest.target
        facts[1:1] = [("Target", target), ("Model", manifest.model_in_words)]
    return tuple(facts)


def _load_after(found: CapacityFindings) -> tuple[int, str]:
    """Return the load to hold for a spike or a soak; 0 and the reason where none was found."""
    limit = found.limit
    if found.ending in (Ending.FOUND, Ending.MOST_HELD) and limit is not None:
        calls = limit.most if limit.calls is None else limit.calls
        return calls, "" if calls else "no load is held"
    ended = "" if found.ending is None else f", since {IN_WORDS[found.ending]}"
    return 0, f"there is no load to hold{ended}"


def _keep(
    found: CapacityFindings,
    *,
    facts: tuple[tuple[str, str], ...],
    folder: Path,
    document: Path | None,
    wanted: int | None,
) -> Path:
    """Write the findings into the folder of the search, and return their page."""
    currency = bundled_prices().currency
    told = capacity_document(found, facts, currency, wanted)
    plain = json.dumps(told, indent=2).encode() + b"\n"
    for path in (folder / "capacity.json", *([document] if document is not None else [])):
        replace_file(path, plain)
    # Draws figures, with a library that takes long to load.
    from harness.report.capacity import write_capacity

    return write_capacity(folder, found, facts, currency)


def _exit_code(found: CapacityFindings, wanted: int | None) -> ExitCode:
    verdict = found.verdict(wanted)
    if found.ending is Ending.GENERATOR:
        return ExitCode.PASS if wanted and verdict == "pass" else ExitCode.INVALID
    return EXIT_CODES[verdict]
