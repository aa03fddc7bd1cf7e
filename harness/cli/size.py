"""`harness size`: from held calls to calls an hour, instances, a day, a million calls.

A command of its own, not `harness capacity size`: what follows `capacity` is a scenario's name.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from click.core import ParameterSource

from harness.analysis.sizing.arrival_curve import DayPlan, parse_arrivals, plan_day
from harness.analysis.sizing.erlang import calls_per_hour, offered_load
from harness.analysis.sizing.fleet import Fleet, fleet_for, workers_for
from harness.analysis.sizing.fleet_model import (
    ASSUMED,
    MOST_CALLS,
    Routing,
    missed_in_fleet,
    simulate_fleet,
)
from harness.analysis.sizing.scalability import (
    LittlesLaw,
    ScalabilityFit,
    fit_scalability,
    littles_law,
)
from harness.bench.findings import SAFE_SHARE
from harness.bench.last_check import recall
from harness.cli.duration import DURATION, in_words
from harness.cli.json_file import json_option, write_json
from harness.cli.summarising import recorded
from harness.environment import cache_dir
from harness.errors import BadInput, ExitCode
from harness.model import NS_PER_S

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHARES = (0.001, 0.01, 0.05)
_FRAME_MS = 20
_SEED = 20_261_131
_LOADS = ("calls_per_hour", "concurrent", "arrivals")
# What each of these is asked about.
_NEEDED = {
    "spare": _LOADS,
    "instance_price": _LOADS,
    "simulate": _LOADS,
    "minute_price": ("arrivals",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What an instance holds, and what the search for that says beside it."""

    calls: int
    source: str
    scalability: ScalabilityFit | None = None
    curves: tuple[tuple[str, list[float], list[float]], ...] = ()


@click.command("size")
@click.option("--calls-per-instance", type=click.IntRange(1), help="Calls that one holds.")
@click.option("--capacity", type=_FILE, help="capacity.json of a search, in place of that.")
@click.option("--call-length", type=DURATION, help="Mean length of a call, such as 3m.")
@click.option(
    "--run", "run_", type=click.Path(path_type=Path), help="A run whose calls tell their length."
)
@click.option(
    "--blocking",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="Share of calls that may find no place.",
)
@click.option(
    "--calls-per-hour", type=click.FloatRange(0, min_open=True), help="The load: a forecast."
)
@click.option(
    "--concurrent",
    type=click.FloatRange(0, min_open=True),
    help="Or the mean number of calls at once.",
)
@click.option("--arrivals", type=_FILE, help="Or a day: CSV with lines `time,calls`.")
@click.option(
    "--spare",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Instances to lose before more calls are.",
)
@click.option("--instance-price", type=click.FloatRange(0), help="Of an instance for an hour.")
@click.option(
    "--minute-price", type=click.FloatRange(0), help="Of a minute of a call, with --arrivals."
)
@click.option("--simulate", is_flag=True, help="Simulate the fleet call by call.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    calls_per_instance: int | None,
    capacity: Path | None,
    call_length: float | None,
    run_: Path | None,
    blocking: float,
    calls_per_hour: float | None,
    concurrent: float | None,
    arrivals: Path | None,
    spare: int,
    instance_price: float | None,
    minute_price: float | None,
    simulate: bool,
    target: Path | None,
) -> int:
    """Say what a number of held calls is worth: calls an hour, instances, a day, a fleet.

    \b
        harness size --capacity reports/…/capacity.json --call-length 3m
        harness size --calls-per-instance 50 --call-length 3m --calls-per-hour 4000
        harness size --calls-per-instance 50 --call-length 3m --arrivals day.csv
        harness size --calls-per-instance 50 --concurrent 1000000 --simulate
    """  # noqa: D301  (click wants the escape itself)
    given = {name for name in context.params if _is_given(context, name)}
    _refuse_without_load(given)
    held = _held(calls_per_instance, capacity)
    length_s, little = _length(call_length, run_)
    found: dict[str, Any] = {
        "calls_per_instance": held.calls,
        "source": held.source,
        "blocking": blocking,
    }
    lines = [f"{'an instance':<16}{held.calls} calls, {held.source}"]
    lines += _single(held, length_s, blocking, found)
    lines += _sanity(held, little, found)
    day = None
    if arrivals is not None:
        seconds = _needed(length_s)
        day = plan_day(_curve(arrivals), seconds, held.calls, blocking, spare)
    erlangs = concurrent
    if calls_per_hour is not None:
        erlangs = calls_per_hour / 3600 * _needed(length_s)
    fleet = None if erlangs is None else fleet_for(erlangs, held.calls, blocking, spare)
    if day is not None:
        lines += _day(day, _needed(length_s), instance_price, minute_price, found)
        fleet = day.peak
    if fleet is not None:
        lines += _fleet(fleet, instance_price, found)
        lines += _workers(fleet.calls, found)
    if simulate:
        lines += _simulated(fleet, held, found)
    for line in lines:
        click.echo(line)
    write_json(target, found)
    return ExitCode.PASS


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _refuse_without_load(given: set[str]) -> None:
    """Refuse more than one load, and what says nothing without the load that is not given.

    Raises:
        BadInput: With what to give.
    """
    loads = [name for name in _LOADS if name in given]
    if len(loads) > 1:
        raise BadInput(
            "more than one load is given",
            where="harness size",
            hint=f"Give one of {_options(_LOADS)}",
        )
    for name, needed in _NEEDED.items():
        if name in given and not set(needed) & given:
            raise BadInput(
                f"says nothing without {_options(needed)}",
                where=_options((name,)),
                hint="Give that as well, or leave this out",
            )


def _options(names: Sequence[str]) -> str:
    """Return options as they are typed: "--a, --b or --c"."""
    words = [f"--{name.replace('_', '-')}" for name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _held(calls: int | None, capacity: Path | None) -> _Held:
    """Return what an instance holds: the lower end of a search's interval, to be safe."""
    if (calls is None) == (capacity is None):
        raise BadInput(
            "needs what an instance holds",
            where="harness size",
            hint="Give --calls-per-instance N, or --capacity with the capacity.json of a search",
        )
    if capacity is None:
        assert calls is not None
        return _Held(calls=calls, source="as given")
    hint = "Give the capacity.json that harness capacity wrote"
    try:
        document = json.loads(capacity.read_bytes())
        limit, steps = document["limit"], document["steps"]
        known = [(s["calls"], s["turns_per_s"]) for s in steps if s["turns_per_s"] is not None]
        low = int(limit["low"]) if limit is not None else 0
        curves = tuple((c["objective"], c["calls"], c["fitted"]) for c in document["curves"])
        words = "at least" if limit and limit["calls"] is None else "the lower end of its interval"
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}", where=str(capacity), hint=hint
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("is not the result of a search", where=str(capacity), hint=hint) from error
    if low < 1:
        raise BadInput(
            "found no load that meets the objectives",
            where=str(capacity),
            hint="Give --calls-per-instance, or search again",
        )
    fit = fit_scalability([load for load, _ in known], [rate for _, rate in known])
    return _Held(calls=low, source=f"{words} in {capacity}", scalability=fit, curves=curves)


def _length(given_s: float | None, run: Path | None) -> tuple[float | None, LittlesLaw | None]:
    """Return the mean length of a call, and whether the run's own calls add up."""
    if run is None:
        return given_s, None
    calls = [
        (session.open_start_ns / NS_PER_S, session.closed_ns / NS_PER_S, session.fault is None)
        for session in recorded(run).sessions
        if session.open_start_ns is not None
        and session.closed_ns is not None
        and session.ready_ns is not None
    ]
    # A call that was cut off at the end of the run does not tell how long it would have lasted.
    whole = [closed - opened for opened, closed, hung_up in calls if hung_up]
    if not whole and given_s is None:
        raise BadInput("has no call that ended", where=str(run), hint="Give --call-length")
    opened, closed = (np.array([call[end] for call in calls], dtype=np.float64) for end in (0, 1))
    return given_s or sum(whole) / len(whole), littles_law(opened, closed)


def _needed(length_s: float | None) -> float:
    if length_s is None:
        raise BadInput(
            "needs to know how long calls last",
            where="harness size",
            hint="Give --call-length 3m, or --run RUN",
        )
    return length_s


def _curve(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}", where=str(path), hint="Give a CSV file"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput("is not text", where=str(path), hint="Give a CSV file") from error
    return parse_arrivals(text, str(path))


def _single(
    held: _Held, length_s: float | None, blocking: float, found: dict[str, Any]
) -> Iterator[str]:
    """Yield what one instance serves at several shares of lost calls."""
    rows = []
    for share in sorted({*_SHARES, blocking}):
        erlangs = offered_load(held.calls, share)
        rate = None if length_s is None else calls_per_hour(held.calls, length_s, share)
        rows.append({"blocking": share, "erlangs": erlangs, "calls_per_hour": rate})
        words = "" if rate is None else f", {rate:,.0f} calls an hour of {in_words(length_s or 0)}"
        yield f"{f'  {100 * share:g}% lost':<16}{erlangs:.1f} Erlang{words}"
    found["instance"] = rows


def _sanity(held: _Held, little: LittlesLaw | None, found: dict[str, Any]) -> Iterator[str]:
    if little is not None:
        found["littles_law"] = asdict(little) | {"holds": little.holds}
        label = "Little's law"
        yield f"{label:<16}{_little(little)}"
    fit = held.scalability
    if fit is not None:
        found["scalability"] = asdict(fit)
        if fit.peak is None:
            yield f"{'scalability':<16}no law fitted: {fit.why}"
        else:
            yield (
                f"{'scalability':<16}throughput is highest at {fit.peak:.0f} calls"
                f" [{fit.low:.0f}, {fit.high:.0f}]; contention {fit.contention:.3f}, coherency"
                f" {fit.coherency:.2g}"
            )


def _little(law: LittlesLaw) -> str:
    if law.held is None or law.expected is None:
        return f"unknown, {law.why}"
    words = "agrees" if law.holds else "DIFFERS: something was not counted"
    return f"{law.held:.1f} calls held, arrivals x length {law.expected:.1f}: {words}"


def _day(
    day: DayPlan,
    length_s: float,
    instance_price: float | None,
    minute_price: float | None,
    found: dict[str, Any],
) -> Iterator[str]:
    yield f"{'time':<8}{'calls':>9}{'Erlang':>10}{'instances':>11}{'lost':>9}"
    for number, fleet in enumerate(day.fleets):
        yield (
            f"{day.curve.time(number):<8}{day.curve.calls[number]:>9.0f}{fleet.erlangs:>10.1f}"
            f"{fleet.instances:>11}{fleet.blocked:>9.2%}"
        )
    yield (
        f"{'day':<16}{day.curve.total:,.0f} calls; {day.scaled_hours:,.0f} instance-hours following"
        f" the load, {day.fixed_hours:,.0f} with the peak's instances all day"
    )
    minutes = day.curve.total * length_s / 60
    costs = {
        "scaled": None if instance_price is None else day.scaled_hours * instance_price,
        "fixed": None if instance_price is None else day.fixed_hours * instance_price,
        "minutes": None if minute_price is None else minutes * minute_price,
    }
    for name, words in (
        ("scaled", "instances following the load"),
        ("fixed", "the peak's instances all day"),
        ("minutes", f"{minutes:,.0f} minutes of calls"),
    ):
        if costs[name] is not None:
            yield f"{'cost of a day':<16}{costs[name]:,.2f} for {words}"
    found["day"] = {
        "step_min": day.curve.step_min,
        "calls": list(day.curve.calls),
        "fleets": [asdict(fleet) for fleet in day.fleets],
        "scaled_hours": day.scaled_hours,
        "fixed_hours": day.fixed_hours,
        "cost": costs,
    }


def _fleet(fleet: Fleet, price: float | None, found: dict[str, Any]) -> Iterator[str]:
    found["fleet"] = asdict(fleet)
    yield (
        f"{'fleet':<16}{fleet.instances} instances for {fleet.erlangs:,.1f} Erlang"
        f" ({fleet.calls:,} calls at once), {fleet.spare} of them to lose; {fleet.used:.0%} used"
    )
    spared = f", {fleet.blocked_after_loss:.3%} without the spare ones" if fleet.spare else ""
    yield (
        f"{'lost':<16}{fleet.blocked:.3%} of calls{spared}; where a call finds every free"
        " place, more otherwise (--simulate)"
    )
    if price is not None:
        yield f"{'cost':<16}{fleet.instances * price:,.2f} an hour"


def _workers(callers: int, found: dict[str, Any]) -> Iterator[str]:
    """Yield how many workers a test of so many callers needs, by the last self check."""
    kept = recall(cache_dir()) or {}
    per_core = next(
        (c["sessions"] for c in kept.get("capacity", ()) if c.get("frame_ms") == _FRAME_MS), None
    )
    if per_core is None:
        found["workers"] = None
        yield f"{'workers':<16}unknown: harness selfcheck says what one holds on this machine"
        return
    workers = workers_for(callers, per_core, SAFE_SHARE)
    found["workers"] = workers
    yield (
        f"{'workers':<16}{workers} to hold {callers:,} callers in a test, a core each: one held"
        f" {per_core} in the self check, of which {SAFE_SHARE:.0%} are used"
    )


def _simulated(fleet: Fleet | None, held: _Held, found: dict[str, Any]) -> Iterator[str]:
    if fleet is None or not 0 < fleet.erlangs <= MOST_CALLS:
        raise BadInput(
            f"needs a load of up to {MOST_CALLS:,} calls",
            where="--simulate",
            hint="Give --calls-per-hour, --concurrent or --arrivals",
        )
    outcomes: list[dict[str, Any]] = []
    for routing in Routing:
        rng = np.random.default_rng(_SEED)
        one = simulate_fleet(fleet.erlangs, fleet.instances, held.calls, routing, rng)
        missed = {name: missed_in_fleet(one, loads, shares) for name, loads, shares in held.curves}
        outcomes.append(asdict(one) | {"at_load": one.at_load.tolist(), "missed": missed})
        yield (
            f"{'simulated':<16}{one.routing}: {one.calls:,.0f} calls held, {one.blocked:.2%} lost"
            f" ({one.pooled:.2%} were all places one pool), {one.full:.1%} of instances full"
        )
        for name, share in missed.items():
            yield f"{'':<16}{share:.2%} of turns miss {name}"
    yield f"assumed: {ASSUMED}"
    found["simulation"] = {"assumed": ASSUMED, "outcomes": outcomes}
