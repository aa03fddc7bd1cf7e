"""`harness selfcheck`: what this machine and this instrument are good for."""

from pathlib import Path

import click

from harness import environment
from harness.bench import (
    CapacityFinding,
    Findings,
    ServerFinding,
    ServerFindings,
    as_bytes,
    check,
    check_server,
    remember,
)
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode
from harness.recording import replace_file


@click.command("selfcheck")
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file as well.",
)
@click.option("--long", "thorough", is_flag=True, help="Take some minutes more.")
@click.option(
    "--simulator",
    "of_simulator",
    is_flag=True,
    help="Measure instead how many sessions the simulator holds on one core; two minutes.",
)
def command(target: Path | None, thorough: bool, of_simulator: bool) -> int:
    """Measure how many sessions this machine holds and how exact the figures are.

    Takes about three minutes. Leave the machine alone meanwhile: what it does besides is taken
    from the figures. The findings are kept, so that later runs can tell when they ask for more
    than the machine holds.
    """
    if of_simulator:
        return _check_simulator(target, thorough=thorough)
    with TerminalProgress() as progress:
        findings = check(progress, thorough=thorough)
    for line in _lines(findings):
        click.echo(line)
    kept = remember(findings, environment.cache_dir())
    click.echo(f"kept in {kept}")
    if target is not None:
        replace_file(target, as_bytes(findings))
    return ExitCode.PASS


def _check_simulator(target: Path | None, *, thorough: bool) -> int:
    with TerminalProgress() as progress:
        found = check_server(progress, thorough=thorough)
    for line in _simulator_lines(found):
        click.echo(line)
    if target is not None:
        replace_file(target, found.as_json())
    return ExitCode.PASS


def _simulator_lines(found: ServerFindings) -> list[str]:
    lines = [
        "the simulator on one core, callers of 20 ms frames on another; it holds a number when"
    ]
    lines.append("every frame and turn is whole, releases P99 <= 2 ms late, received P99 <= 5 ms:")
    for mode in found.modes:
        lines += _mode(mode)
    lines.append(
        f"the machine: load {_shown(found.load_average)} before the start, then"
        f" {_shown(found.stolen_percent)} % stolen"
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
        f"  {name}: {_shown(found.sessions)} sessions{sure}; made for {found.bar}",
        _HEAD,
        *(
            f"  {row.sessions:>10} {f'{row.held}/{row.measured}':>5}"
            f" {_shown(row.release_p50_ms):>9} {_shown(row.release_p95_ms):>7}"
            f" {_shown(row.release_p99_ms):>7} {_shown(row.received_p99_ms):>10} ms"
            f" {_shown(row.cpu_percent):>5}% {_shown(row.kb_per_session):>8}"
            f" {f'{_shown(row.turns_intact)}/{_shown(row.turns_expected)}':>12}"
            f"{'  the callers gave out' if row.callers_gave_out else ''}"
            for row in found.rows
        ),
    ]


def _lines(findings: Findings) -> list[str]:
    lines = ["sessions on one core, every frame sent, lateness P99 <= 5 ms and P99.9 <= 20 ms:"]
    for found in findings.capacity:
        lines += _capacity(found)
    lines.append("measured minus true voice-to-voice latency, simulator, ms:")
    lines.append(f"  {'sessions':>8} {'turns':>6} {'P50':>8} {'P95':>8} {'P99':>8}")
    lines += [
        f"  {found.sessions:>8} {found.turns:>6} {_shown(found.error_p50_ms):>8}"
        f" {_shown(found.error_p95_ms):>8} {_shown(found.error_p99_ms):>8}"
        for found in findings.accuracy
    ]
    lines.append("audible-onset detector, late is positive, ms:")
    lines.append(f"  {'bias':>8} {'P95 abs':>8} {'refused':>8} {'missed':>8}  condition")
    lines += [
        f"  {_shown(found.bias_ms):>8} {_shown(found.p95_abs_ms):>8} {found.refused:>8.0%}"
        f" {found.missed:>8.0%}  {found.condition}"
        for found in findings.detector
    ]
    lines.append(
        f"the machine: load {_shown(findings.load_average)} before the start, then"
        f" {_shown(findings.busy_percent)} % busy and {_shown(findings.stolen_percent)} % stolen"
    )
    return lines


def _capacity(found: CapacityFinding) -> list[str]:
    sure = found.confirmed and found.plain_confirmed
    held = (
        f"{_shown(found.sessions)} sessions, a straightforward client"
        f" {_shown(found.plain_client_sessions)}, ratio {_shown(found.ratio)}"
        f"{'' if sure else ' (time ran out before both were confirmed)'}"
    )
    late = (
        f"lateness P99 {_shown(found.late_p99_ms)} ms, P99.9 {_shown(found.late_p999_ms)} ms;"
        f" {_shown(found.kb_per_session)} KB a session; opened in {_shown(found.open_s)} s"
    )
    cost = (
        f"CPU at {_shown(found.compared_sessions)} sessions:"
        f" {_shown(found.cpu_ms_per_session_s)} ms a session-second,"
        f" straightforward client {_shown(found.plain_cpu_ms_per_session_s)} ms"
    )
    return [f"  {found.frame_ms} ms frames: {held}", f"    {late}", f"    {cost}"]


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
