"""`harness selfcheck capacity`: whether a capacity search finds a limit that is known."""

from collections.abc import Iterator
from pathlib import Path

import click

from harness.bench.capacity_calibration import SearchCalibration, as_json, calibrate
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode


@click.command("capacity")
@json_option
@click.option(
    "--searches",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Searches of each service.",
)
@click.option(
    "--step-s",
    type=click.FloatRange(20, 3600),
    default=90.0,
    show_default=True,
    help="Length of a step, in seconds of the simulated clock.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of all chance; 0 is what the method was made with, so judge it by others.",
)
def command(target: Path | None, searches: int, step_s: float, seed: int) -> int:
    """Search services whose limit is known, on a simulated clock.

    The limit must lie in the reported 95 % interval in at least 18 of 20 searches, and a knee or a
    cliff be called what it is. Exit code 1 when a promise was not kept.
    """
    with TerminalProgress() as progress:
        found = list(calibrate(searches, step_s, progress, seed=seed))
    for line in table(found):
        click.echo(line)
    document = {"step_s": step_s, "seed": seed, "services": [dict(as_json(one)) for one in found]}
    write_json(target, document)
    kept = sum(one.kept for one in found)
    click.echo(f"{kept} of {len(found)} services as promised: 9 of 10 held, 9 of 10 named")
    return ExitCode.PASS if kept == len(found) else ExitCode.FAIL


def table(found: list[SearchCalibration]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'service':<36}{'limit':>6}{'held':>10}{'named':>10}{'steps':>7}{'width':>7}"
    for one in found:
        held, named = (f"{count} of {one.searches}" for count in (one.held, one.named))
        mark = "" if one.kept else "  NOT KEPT"
        yield (
            f"{one.service:<36}{one.limit:>6}{held:>10}{named:>10}{one.steps:>7.1f}"
            f"{one.width:>7.0%}{mark}"
        )
