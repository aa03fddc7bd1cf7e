"""`harness selfcheck steadiness`: whether a number of sessions holds every time."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import click

from harness.bench.steadiness import ALONE, PLAIN, UNDER_LOCUST, Steadiness, measure_steadiness
from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode


@click.command("steadiness")
@json_option
@click.option(
    "--sessions",
    type=click.IntRange(1),
    default=400,
    show_default=True,
    help="Sessions of a run under Locust, and of the engine without it.",
)
@click.option(
    "--plain",
    "plain_sessions",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Sessions of a straightforward client.",
)
@click.option(
    "--frame-ms",
    type=click.IntRange(10, 200),
    default=20,
    show_default=True,
    help="Length of the callers' frames.",
)
@click.option(
    "--times", type=click.IntRange(1), default=5, show_default=True, help="Rounds, in turns."
)
@click.option(
    "--seconds",
    type=click.FloatRange(3),
    default=12.0,
    show_default=True,
    help="How long each of them holds.",
)
@click.option("--busy", is_flag=True, help="Keep every core busy with another program meanwhile.")
def command(
    target: Path | None,
    sessions: int,
    plain_sessions: int,
    frame_ms: int,
    times: int,
    seconds: float,
    busy: bool,
) -> int:
    """Hold the same number of sessions several times and say how often it held.

    Exit code 1 when the run under Locust did not hold it every time.
    """
    with TerminalProgress() as progress:
        found = measure_steadiness(
            sessions, plain_sessions, frame_ms, times, seconds, progress, busy=busy
        )
    for line in _lines(found):
        click.echo(line)
    asked = {"frame_ms": frame_ms, "seconds": seconds, "busy": busy}
    write_json(target, {**asked, **found.as_json()})
    held, tried = found.held(UNDER_LOCUST)
    return ExitCode.PASS if held == tried else ExitCode.FAIL


def _lines(found: Steadiness) -> Iterator[str]:
    yield f"{'sessions':>8} {'P99 ms':>8} {'P99.9 ms':>9}  client"
    for trial in found.trials:
        why = f": {', '.join(trial.failures)}" if trial.failures else ""
        pause = "; the machine paused" if trial.paused else ""
        yield (
            f"{trial.sessions:>8} {shown(trial.late_p99_ms):>8} {shown(trial.late_p999_ms):>9}"
            f"  {trial.client}{why}{pause}"
        )
    for client in (UNDER_LOCUST, ALONE, PLAIN):
        held, tried = found.held(client)
        worst = shown(found.worst_p999_ms(client))
        yield f"{client}: held {held} of {tried} times, worst P99.9 {worst} ms"
    if found.locust_ratios:
        middle, most = median(found.locust_ratios), max(found.locust_ratios)
        yield (
            f"P99.9 under Locust over that of the engine alone: median {middle:.2f},"
            f" most {most:.2f}"
        )
