"""`harness selfcheck dialects`: what a core holds in two, and measured against true in all."""

from pathlib import Path

import click

from harness.bench.dialect_accuracy import BAR_MS, DialectErrors, measure_dialects
from harness.bench.dialect_capacity import DialectFindings, compare_dialects
from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.dialects import DIALECTS
from harness.errors import BadInput, ExitCode

_VERDICTS = {True: "holds", False: "does not hold", None: "not measured"}


@click.command("dialects")
@json_option
@click.option("--long", "thorough", is_flag=True, help="Take three minutes more.")
@click.option(
    "--accuracy",
    is_flag=True,
    help="Measured against true instead, 50 callers in each dialect, half a minute each.",
)
@click.option(
    "--dialect",
    "names",
    multiple=True,
    type=click.Choice(list(DIALECTS)),
    help="With --accuracy: only this one; may be repeated.",
)
def command(target: Path | None, thorough: bool, accuracy: bool, names: tuple[str, ...]) -> int:
    """Measure side by side how many sessions a core holds with OpenAI's words and with Twilio's.

    The engine alone, against the simulator: Twilio's frames are numbered for each call, OpenAI's
    are shared by all. Takes two minutes.

    With --accuracy: how far off the simulator's truth turns are measured in every dialect, in whole
    runs under Locust. Exit code 1 when one is more than 5 ms off at P50 or P95, 2 when too little
    was measured to say.
    """
    if thorough and accuracy:
        raise BadInput("exclude each other", where="--long and --accuracy", hint="Give one")
    if names and not accuracy:
        raise BadInput("is for --accuracy", where="--dialect", hint="Give both")
    with TerminalProgress() as progress:
        if accuracy:
            errors = measure_dialects(progress, names)
        else:
            found = compare_dialects(progress, thorough=thorough)
    for line in error_lines(errors) if accuracy else _lines(found):
        click.echo(line)
    write_json(target, errors.as_json() if accuracy else found.as_json())
    return exit_code(errors) if accuracy else ExitCode.PASS


def exit_code(errors: DialectErrors) -> ExitCode:
    """Return the verdict over all dialects; one beyond the bar outweighs what was not measured."""
    verdicts = [row.holds for row in errors.dialects]
    if False in verdicts:
        return ExitCode.FAIL
    return ExitCode.INCONCLUSIVE if None in verdicts else ExitCode.PASS


def error_lines(errors: DialectErrors) -> list[str]:
    """Return the table of measured minus true, and the machine that it was made on."""
    lines = [f"measured minus true voice-to-voice latency, {errors.callers} callers at once, ms;"]
    lines.append(f"P50 and the P95 of its size are to be within {BAR_MS:g} ms:")
    heads = ("turns", "P50", "P95", "worst")
    lines.append(f"  {'dialect':<12}{''.join(f'{head:>10}' for head in heads)}")
    for row in errors.dialects:
        cells = "".join(f"{shown(value):>10}" for value in (row.p50_ms, row.p95_ms, row.worst_ms))
        why = f": {row.why}" if row.why else ""
        told = ", ".join(filter(None, (_VERDICTS[row.holds], row.validity)))
        lines.append(f"  {row.dialect:<12}{f'{row.turns}/{row.planned}':>10}{cells}  {told}{why}")
    load, busy = shown(errors.load_average), shown(errors.busy_percent)
    lines.append(f"the machine: load {load} before the start, {busy} % busy meanwhile")
    return lines


def _lines(found: DialectFindings) -> list[str]:
    compared = found.dialects[0].compared_sessions
    lines = ["the engine on one core, frames of 20 ms; a number holds when frames leave at most"]
    lines.append("5 ms late in 99 % and 20 ms in 99.9 %:")
    heads = ("sessions", "P99 ms", "P99.9 ms", "CPU ms", "KB each")
    lines.append(f"  {'dialect':<10}{''.join(f'{head:>10}' for head in heads)}")
    for row in found.dialects:
        sure = "" if row.confirmed else "  not confirmed: time ran out"
        lines.append(
            f"  {row.dialect:<10}{shown(row.sessions):>10}{shown(row.late_p99_ms):>10}"
            f"{shown(row.late_p999_ms):>10}{shown(row.cpu_ms_per_session_s):>10}"
            f"{shown(row.kb_per_session):>10}{sure}"
        )
    lines.append(f"CPU of a second of a session, at {shown(compared)} sessions of each")
    lines.append(f"the machine: load {shown(found.load_average)} before the start")
    return lines
