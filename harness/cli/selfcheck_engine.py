"""`harness selfcheck engine`: sessions held, accuracy against the truth, onset detection."""

from pathlib import Path

import click

from harness import environment
from harness.bench.findings import CapacityFinding, Findings
from harness.bench.host_watch import LEVELS_MS
from harness.bench.last_check import as_bytes, remember
from harness.bench.selfcheck import Extent, check
from harness.cli.figures import shown
from harness.cli.json_file import json_option
from harness.cli.terminal import TerminalProgress
from harness.errors import BadInput, ExitCode
from harness.recording import replace_file


@click.command("engine")
@json_option
@click.option("--long", "thorough", is_flag=True, help="Take a quarter of an hour.")
@click.option(
    "--seconds",
    type=click.FloatRange(3),
    help="How long the numbers that were found are held once more.",
)
@click.option("--minutes", type=click.FloatRange(0.05), help="The same, in minutes.")
@click.option("--accuracy", "accuracy_only", is_flag=True, help="Only measured against true.")
@click.option(
    "--busy",
    is_flag=True,
    help="Measured against true also while another program keeps every core busy.",
)
def command(
    target: Path | None,
    thorough: bool,
    seconds: float | None,
    minutes: float | None,
    accuracy_only: bool,
    busy: bool,
) -> int:
    """Measure how many sessions this machine holds and how exact the figures are.

    Takes some minutes, more on a busy machine. What is measured are whole runs under Locust, with
    all that a run records. The findings are kept, so that later runs can warn when they ask for
    more than the machine holds.
    """
    if seconds is not None and minutes is not None:
        raise BadInput("exclude each other", where="--seconds and --minutes", hint="Give one")
    hold_s = seconds if minutes is None else 60 * minutes
    extent = Extent(thorough=thorough, hold_s=hold_s, capacity=not accuracy_only, busy=busy)
    with TerminalProgress() as progress:
        findings = check(progress, extent)
    for line in _lines(findings):
        click.echo(line)
    if not accuracy_only:
        kept = remember(findings, environment.cache_dir())
        click.echo(f"kept in {kept}")
    if target is not None:
        replace_file(target, as_bytes(findings))
    return ExitCode.PASS


def _lines(findings: Findings) -> list[str]:
    lines = []
    if findings.capacity:
        lines = ["sessions on one core in a run under Locust, no frame missing,"]
        lines.append("lateness P99 <= 5 ms and P99.9 <= 20 ms:")
    for found in findings.capacity:
        lines += _capacity(found)
    lines.append(
        "measured minus true voice-to-voice latency, simulator, ms; beyond: by more than 1 ms"
    )
    lines.append(
        "beyond the bound of its error that the turn itself states; unsure: left out, since"
    )
    lines.append("the simulator itself was too late to know the truth to half a millisecond")
    lines.append(
        f"  {'sessions':>8} {'turns':>6} {'void':>6} {'unsure':>6} {'P50':>8} {'P95':>8} {'P99':>8}"
        f" {'worst':>8} {'> 1 ms':>7} {'beyond':>7} {'bound P99':>9}"
    )
    lines += [
        f"  {found.sessions:>8} {found.turns:>6} {found.void:>6} {found.unsure:>6}"
        f" {shown(found.error_p50_ms):>8}"
        f" {shown(found.error_p95_ms):>8} {shown(found.error_p99_ms):>8}"
        f" {shown(found.worst_ms):>8} {found.off:>7} {found.beyond_bound:>7}"
        f" {shown(found.bound_p99_ms):>9}"
        f"{'  every core busy with another program' if found.busy else ''}"
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
        f"{shown(found.sessions)} sessions for {found.held_s:g} s, a straightforward client"
        f" {shown(found.plain_client_sessions)}, ratio {shown(found.ratio)}"
        f"{'' if sure else ' (not confirmed)'}"
    )
    late = (
        f"lateness P99 {shown(found.late_p99_ms)} ms, P99.9 {shown(found.late_p999_ms)} ms,"
        f" worst {shown(found.late_max_ms)} ms, frames missing {shown(found.missing)}"
    )
    alone = (
        f"engine alone: P99 {shown(found.engine_late_p99_ms)} ms,"
        f" P99.9 {shown(found.engine_late_p999_ms)} ms, frames missing"
        f" {shown(found.engine_missing)}; P99.9 under Locust over that {shown(found.locust_ratio)}"
    )
    server = (
        f"at the server: P99 {shown(found.server_late_p99_ms)} ms,"
        f" P99.9 {shown(found.server_late_p999_ms)} ms, frames missing"
        f" {shown(found.server_missing)}"
    )
    cost = (
        f"CPU at {shown(found.compared_sessions)} sessions:"
        f" {shown(found.cpu_ms_per_session_s)} ms a session-second,"
        f" straightforward client {shown(found.plain_cpu_ms_per_session_s)} ms;"
        f" {shown(found.kb_per_session)} KB a session"
    )
    counts = ", ".join(
        f"{count} of more than {level:g} ms"
        for count, level in zip(found.pauses, LEVELS_MS, strict=True)
    )
    paused = (
        f"the machine paused: {counts}, longest {shown(found.longest_pause_ms)} ms;"
        f" {found.repeated} of {found.measurements + found.repeated} trials repeated for that"
    )
    lines = [late, alone, server, cost, paused]
    lines += [f"did not hold: {words}" for words in found.not_held]
    if found.watcher:
        lines.append(f"pauses seen by a Python program: {found.watcher}")
    return [f"  {found.frame_ms} ms frames: {held}", *(f"    {line}" for line in lines)]
