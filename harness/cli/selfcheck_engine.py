"""`harness selfcheck engine`: sessions held, accuracy against the truth, onset detection."""

from pathlib import Path

import click

from harness import environment
from harness.bench import CapacityFinding, Findings, as_bytes, check, remember
from harness.cli.figures import shown
from harness.cli.json_file import json_option
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode
from harness.recording import replace_file


@click.command("engine")
@json_option
@click.option("--long", "thorough", is_flag=True, help="Take some ten minutes.")
def command(target: Path | None, thorough: bool) -> int:
    """Measure how many sessions this machine holds and how exact the figures are.

    Takes about three minutes. The findings are kept, so that later runs can warn when they ask for
    more than the machine holds.
    """
    with TerminalProgress() as progress:
        findings = check(progress, thorough=thorough)
    for line in _lines(findings):
        click.echo(line)
    kept = remember(findings, environment.cache_dir())
    click.echo(f"kept in {kept}")
    if target is not None:
        replace_file(target, as_bytes(findings))
    return ExitCode.PASS


def _lines(findings: Findings) -> list[str]:
    lines = ["sessions on one core, every frame sent, lateness P99 <= 5 ms and P99.9 <= 20 ms:"]
    for found in findings.capacity:
        lines += _capacity(found)
    lines.append("measured minus true voice-to-voice latency, simulator, ms:")
    lines.append(f"  {'sessions':>8} {'turns':>6} {'P50':>8} {'P95':>8} {'P99':>8}")
    lines += [
        f"  {found.sessions:>8} {found.turns:>6} {shown(found.error_p50_ms):>8}"
        f" {shown(found.error_p95_ms):>8} {shown(found.error_p99_ms):>8}"
        for found in findings.accuracy
    ]
    lines.append("audible-onset detector, late is positive, ms:")
    lines.append(f"  {'bias':>8} {'P95 abs':>8} {'refused':>8} {'missed':>8}  condition")
    lines += [
        f"  {shown(found.bias_ms):>8} {shown(found.p95_abs_ms):>8} {found.refused:>8.0%}"
        f" {found.missed:>8.0%}  {found.condition}"
        for found in findings.detector
    ]
    lines.append(
        f"the machine: load {shown(findings.load_average)} before the start, then"
        f" {shown(findings.busy_percent)} % busy and {shown(findings.stolen_percent)} % stolen"
    )
    return lines


def _capacity(found: CapacityFinding) -> list[str]:
    sure = found.confirmed and found.plain_confirmed
    held = (
        f"{shown(found.sessions)} sessions, a straightforward client"
        f" {shown(found.plain_client_sessions)}, ratio {shown(found.ratio)}"
        f"{'' if sure else ' (time ran out before both were confirmed)'}"
    )
    late = (
        f"lateness P99 {shown(found.late_p99_ms)} ms, P99.9 {shown(found.late_p999_ms)} ms;"
        f" {shown(found.kb_per_session)} KB a session; opened in {shown(found.open_s)} s"
    )
    cost = (
        f"CPU at {shown(found.compared_sessions)} sessions:"
        f" {shown(found.cpu_ms_per_session_s)} ms a session-second,"
        f" straightforward client {shown(found.plain_cpu_ms_per_session_s)} ms"
    )
    return [f"  {found.frame_ms} ms frames: {held}", f"    {late}", f"    {cost}"]
