"""`harness selfcheck dialects`: what one core holds in OpenAI's words and in Twilio's."""

from pathlib import Path

import click

from harness.bench.dialect_capacity import DialectFindings, compare_dialects
from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode


@click.command("dialects")
@json_option
@click.option("--long", "thorough", is_flag=True, help="Take three minutes more.")
def command(target: Path | None, thorough: bool) -> int:
    """Measure side by side how many sessions a core holds with OpenAI's words and with Twilio's.

    The engine alone, against the simulator: Twilio's frames are numbered for each call, OpenAI's
    are shared by all. Takes two minutes.
    """
    with TerminalProgress() as progress:
        found = compare_dialects(progress, thorough=thorough)
    for line in _lines(found):
        click.echo(line)
    write_json(target, found.as_json())
    return ExitCode.PASS


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
