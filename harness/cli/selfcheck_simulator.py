"""`harness selfcheck simulator`: how many sessions the simulator itself holds."""

from pathlib import Path

import click

from harness.bench.simulator_capacity import ServerFinding, ServerFindings, check_server
from harness.cli.figures import shown
from harness.cli.json_file import json_option
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode
from harness.recording import replace_file


@click.command("simulator")
@json_option
@click.option("--long", "thorough", is_flag=True, help="Take some minutes more.")
def command(target: Path | None, thorough: bool) -> int:
    """Measure how many sessions the simulator holds on one core; takes two minutes."""
    with TerminalProgress() as progress:
        found = check_server(progress, thorough=thorough)
    for line in _lines(found):
        click.echo(line)
    if target is not None:
        replace_file(target, found.as_json())
    return ExitCode.PASS


def _lines(found: ServerFindings) -> list[str]:
    lines = [
        "the simulator on one core, callers of 20 ms frames on another; it holds a number when"
    ]
    lines.append("every frame and turn is whole, releases P99 <= 2 ms late, received P99 <= 5 ms:")
    for mode in found.modes:
        lines += _mode(mode)
    lines.append(
        f"the machine: load {shown(found.load_average)} before the start, then"
        f" {shown(found.stolen_percent)} % stolen"
    )
    return lines


_HEAD = (
    f"  {'sessions':>10} {'held':>5} {'late P50':>9} {'P95':>7} {'P99 ms':>7}"
    f" {'received P99':>13} {'core':>6} {'KB each':>8} {'turns whole':>12}"
)


def _mode(found: ServerFinding) -> list[str]:
    name = "with hearing" if found.mode == "hearing" else "without (null mode)"
    sure = "" if found.confirmed else " (not confirmed: time ran out)"
    return [
        f"  {name}: {shown(found.sessions)} sessions{sure}; made for {found.bar}",
        _HEAD,
        *(
            f"  {row.sessions:>10} {f'{row.held}/{row.measured}':>5}"
            f" {shown(row.release_p50_ms):>9} {shown(row.release_p95_ms):>7}"
            f" {shown(row.release_p99_ms):>7} {shown(row.received_p99_ms):>10} ms"
            f" {shown(row.cpu_percent):>5}% {shown(row.kb_per_session):>8}"
            f" {f'{shown(row.turns_intact)}/{shown(row.turns_expected)}':>12}"
            f"{'  the callers gave out' if row.callers_gave_out else ''}"
            for row in found.rows
        ),
    ]
