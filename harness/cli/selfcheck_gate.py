"""`harness selfcheck gate`: whether the gate keeps its promises, in simulation."""

from dataclasses import asdict
from pathlib import Path

import click

from harness.bench.gate_calibration import Promise, calibrate
from harness.bench.gate_speed import GateTime, measure
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import BadInput, ExitCode


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
def command(target: Path | None, trials: int, no_speed: bool, speed: bool) -> int:
    """Compare the gate's statistics with made-up runs whose truth is known.

    Coverage of intervals, false alarms of an unchanged target, and how often a change of 10 % is
    found with the runs that `harness plan` asks for, over session and run-to-run correlation;
    and how long a gate takes. Exit code 1 when a promise was not kept, by more than chance in so
    many trials.
    """
    if speed and no_speed:
        raise BadInput("are both given", where="--speed and --no-speed", hint="Give one of them")
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
