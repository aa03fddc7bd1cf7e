"""`harness selfcheck gate`: whether the gate keeps its promises, in simulation."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from harness.bench import gate_end_to_end, machine
from harness.bench.gate_calibration import Promise, calibrate
from harness.bench.gate_end_to_end import Outcome
from harness.bench.gate_speed import GateTime, measure
from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import BadInput, ExitCode
from harness.report.ci import wording
from harness.report.ci.document import gate_document


@click.command("gate")
@json_option
@click.option(
    "--trials",
    type=click.IntRange(20, 100_000),
    default=1_000,
    show_default=True,
    help="Made-up runs a figure; false alarms get four times, plans a fifth of them.",
)
@click.option("--no-speed", is_flag=True, help="Leave out how long gates of long runs take.")
@click.option("--speed", is_flag=True, help="Only how long gates of long runs take.")
@click.option(
    "--end-to-end",
    is_flag=True,
    help="Only whole runs against simulators that are slower by a known amount (8 minutes).",
)
def command(target: Path | None, trials: int, no_speed: bool, speed: bool, end_to_end: bool) -> int:
    """Compare the gate's statistics with made-up runs whose truth is known.

    Coverage of intervals, false alarms of an unchanged target, and how often a change of 10 % is
    found with the runs that `harness plan` asks for, over session and run-to-run correlation;
    and how long a gate takes. Exit code 1 when a promise was not kept, by more than chance in so
    many trials.

    With --end-to-end callers talk with a simulator and with others that are slower, in turns, and
    `harness gate` judges the records: an unchanged target has to pass, and a change to be found or
    called inconclusive, with the number of pairs that would settle it.
    """
    if speed + no_speed + end_to_end > 1:
        raise BadInput(
            "exclude each other",
            where="--speed, --no-speed and --end-to-end",
            hint="Give one of them",
        )
    if end_to_end:
        return _end_to_end(target)
    with TerminalProgress() as progress:
        promises = [] if speed else list(calibrate(trials, progress))
        times = () if no_speed else measure(50_000, 100_000, progress)
    for what in dict.fromkeys(promise.what for promise in promises):
        alike = [promise for promise in promises if promise.what == what]
        click.echo(f"{what}: {alike[0].low:.0%} to {alike[0].high:.0%} promised")
        for promise in alike:
            click.echo(_told(promise))
    for time in times:
        click.echo(_timed(time))
    document = {
        "trials": trials,
        "promises": [
            asdict(promise) | {"kept": promise.kept, "broken": promise.broken}
            for promise in promises
        ],
        "times": [asdict(time) for time in times],
    }
    write_json(target, document)
    if promises:
        kept = sum(promise.kept for promise in promises)
        click.echo(f"{kept} of {len(promises)} promises kept")
    return ExitCode.FAIL if any(promise.broken for promise in promises) else ExitCode.PASS


def _end_to_end(target: Path | None) -> int:
    load = machine.load_average()
    with TerminalProgress() as progress:
        found = gate_end_to_end.measure(progress)
    for line in _table(found):
        click.echo(line)
    click.echo(f"the machine: load {shown(load)} before, {shown(machine.load_average())} after")
    document = {
        "load_average": load,
        "injections": [
            {"injected": one.injection.what, "kept": one.kept, "gate": gate_document(one.report)}
            for one in found
        ],
    }
    write_json(target, document)
    return ExitCode.PASS if all(one.kept for one in found) else ExitCode.FAIL


def _table(found: Sequence[Outcome]) -> Iterator[str]:
    pairs = len(found[0].comparison.candidate)
    yield f"{pairs} pairs of runs each; could find: in 4 of 5 cases; needs: pairs that would settle"
    yield (
        f"{'injected':<22}{'judged by':<38}{'tolerance':>13}  {'change':<46}"
        f"{'could find':>14}{'needs':>7}  verdict"
    )
    for one in found:
        compared = one.comparison
        least = compared.detectable
        could_find = "-" if least is None else wording.size(compared, least)
        yield (
            f"{one.injection.what:<22}{compared.objective.subject:<38}"
            f"{wording.size(compared, compared.tolerated):>13}  {wording.change(compared):<46}"
            f"{could_find:>14}{shown(compared.runs_needed):>7}  {compared.verdict}"
            f"{'' if one.kept else '  NOT KEPT'}"
        )


def _told(promise: Promise) -> str:
    mark = ""
    if not promise.kept:
        mark = "  NOT KEPT" if promise.broken else "  just beyond: chance, or more --trials tell"
    note = f"; {promise.note}" if promise.note else ""
    return f"  {promise.share:6.1%} ± {promise.error:.1%}  {promise.setting}{note}{mark}"


def _timed(time: GateTime) -> str:
    return (
        f"{time.what}: {time.wall_s:.1f} s, {time.cpu_s:.1f} s of the processor"
        f" (limit {time.limit_s:g} s on a quiet machine)"
    )
