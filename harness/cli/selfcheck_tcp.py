"""`harness selfcheck tcp`: the simulated TCP sender compared with Linux's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from harness.bench.proxy_validation import (
    ROUNDS,
    SECONDS,
    STREAMS,
    TOLERANCE,
    CaseResult,
    CaseVerdict,
    Figure,
    play,
)
from harness.bench.tcp_validation import FLOWS, Case, cases, compare
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.cli.toxiproxy import chosen_server, ports_option, toxiproxy_option
from harness.errors import BadInput, ExitCode
from harness.network import NetworkLayer, Stream, parse_ports

_MODEL_HEAD = "late, kernel", "late, model", "off", "mean, kernel", "mean, model", "off"
_HEAD = "late, kernel", "planned", "found", "off", "mean, kernel", "planned", "found", "off"


@click.command("tcp")
@json_option
@click.option("--flows", default=FLOWS, show_default=True, help="Connections simulated per case.")
@click.option("--through-proxy", is_flag=True, help="Play the cases through Toxiproxy as well.")
@click.option(
    "--streams",
    type=click.IntRange(1, 1000),
    default=STREAMS,
    show_default=True,
    help="Connections through the proxy at once.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=SECONDS,
    show_default=True,
    help=f"How long they stream at a time; rare cases take up to {ROUNDS} times.",
)
@click.option(
    "--case", "which", default="", help="Only this one, as in 40/1: RTT in ms / loss in %."
)
@toxiproxy_option
@ports_option
def command(
    target: Path | None,
    flows: int,
    through_proxy: bool,
    streams: int,
    seconds: float,
    which: str,
    toxiproxy: str,
    ports: str,
) -> int:
    """Compare the simulated TCP sender with Linux's own.

    Ends with code 1 when a case that has to agree does not. With --through-proxy these cases are
    played through Toxiproxy by real streams, which takes some eight minutes. "Planned" is then the
    model for the very frames that were sent, and the whole 95 % interval of what was found has to
    be within a quarter of the kernel's figure. Code 2 is for too few late messages to decide, or a
    machine that was busy with something else.
    """
    chosen = _chosen(which)
    if not through_proxy:
        return _compare(chosen, target, flows=flows)
    barred = [case for case in chosen if case.bar]
    if not barred:
        raise BadInput("is none of those that have to agree", where=which, hint=_known())
    stream = Stream(cadence_ms=barred[0].cadence_ms, message_bytes=barred[0].message_bytes)
    listening, found = parse_ports(ports), []
    with (
        NetworkLayer(chosen_server(toxiproxy), {}, stream=stream, ports=listening) as layer,
        asyncio.Runner() as runner,
        TerminalProgress() as progress,
    ):
        _print(["case", *_HEAD, "stalls", "verdict"], ["---"] * 11)
        for row in play(barred, layer, runner.run, progress, connections=streams, seconds=seconds):
            found.append(row)
            _print(_cells(row))
    click.echo("\n".join(["", *(_details(row) for row in found)]))
    write_json(target, [_as_json(row) for row in found])
    verdicts = {row.verdict for row in found}
    if CaseVerdict.OUTSIDE in verdicts:
        return ExitCode.FAIL
    return ExitCode.PASS if verdicts == {CaseVerdict.WITHIN} else ExitCode.INCONCLUSIVE


def _chosen(which: str) -> Sequence[Case]:
    if not which:
        return cases()
    if found := [case for case in cases() if _short(case) == which]:
        return found
    raise BadInput("no such case", where=which, hint=_known())


def _known() -> str:
    return f"Take one of {', '.join(_short(case) for case in cases() if case.bar)}."


def _short(case: Case) -> str:
    return f"{case.rtt_ms:g}/{case.loss_percent:g}"


def _compare(chosen: Sequence[Case], target: Path | None, *, flows: int) -> int:
    found = []
    _print(["case", *_MODEL_HEAD], ["---"] * 7)
    for row in compare(chosen, flows=flows):
        found.append(row)
        mark = "**" if row.case.bar else ""
        _print(
            [
                f"{mark}{row.case}{mark}",
                f"{row.case.late_percent:.2f} %",
                f"{row.late_percent:.2f} %",
                f"{row.late_off:+.0%}",
                f"{row.case.mean_ms:.2f} ms",
                f"{row.mean_ms:.2f} ms",
                f"{row.mean_off:+.0%}",
            ]
        )
    write_json(target, [asdict(row) for row in found])
    return ExitCode.PASS if all(row.good for row in found if row.case.bar) else ExitCode.FAIL


def _print(*rows: Sequence[str]) -> None:
    for row in rows:
        click.echo(f"| {' | '.join(row)} |")


def _cells(row: CaseResult) -> list[str]:
    return [
        str(row.case),
        *_figure(row.late_percent, "%"),
        *_figure(row.mean_ms, "ms"),
        str(row.late_events),
        (not row.busy and row.unlikely) or str(row.verdict),
    ]


def _figure(figure: Figure, unit: str) -> list[str]:
    values = (figure.kernel, figure.planned, figure.found)
    if figure.low is None or figure.high is None:
        interval = "no interval"
    else:
        ends = (end / figure.kernel - 1 for end in (figure.low, figure.high))
        interval = " to ".join(f"{end:+.0%}" for end in ends)
    return [*(f"{value:.2f} {unit}" for value in values), f"{figure.off:+.0%} ({interval})"]


def _details(row: CaseResult) -> str:
    own = "not known" if row.baseline_ms is None else f"{row.baseline_ms:.2f} ms"
    lag = "none" if row.lag_p99_ms is None else f"P99 {row.lag_p99_ms:.1f} ms late"
    disturbed = f", and {row.disturbed} disturbed" if row.disturbed else ""
    return (
        f"{row.case}: {row.messages} messages of {row.streams} streams in {row.rounds}"
        f" round{'s' * (row.rounds > 1)}{disturbed}; baseline subtracted {own};"
        f" {row.left_out:.2%} left out, since they were sent late; changes {lag}"
    )


def _as_json(row: CaseResult) -> dict[str, object]:
    figures = {
        name: asdict(figure) | {"off": figure.off, "verdict": figure.verdict}
        for name, figure in (("late_percent", row.late_percent), ("mean_ms", row.mean_ms))
    }
    return asdict(row) | figures | {"verdict": row.verdict, "tolerance": TOLERANCE}
