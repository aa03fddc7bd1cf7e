"""`harness selfcheck behaviour`: what was measured of calls beside what truly happened in them."""

from pathlib import Path

import click

from harness.bench.behaviour import BehaviourFindings, measure_behaviour
from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode

_VERDICTS = {True: "holds", False: "does not hold", None: "not measured"}


@click.command("behaviour")
@json_option
def command(target: Path | None) -> int:
    """Compare interruptions, tools, endpoints and faults with the simulator's truth.

    50 callers against the simulator; then faults planted one by one; then two user classes on 1, 2
    and 4 processes. Takes six minutes. Exit code 1 when something is not as it truly was, 2 when
    too little was measured to say.
    """
    with TerminalProgress() as progress:
        found = measure_behaviour(progress)
    for line in lines(found):
        click.echo(line)
    write_json(target, found.as_json())
    return exit_code(found)


def exit_code(found: BehaviourFindings) -> ExitCode:
    """Return the verdict over all bars; one that does not hold outweighs what was not measured."""
    if False in found.verdicts:
        return ExitCode.FAIL
    return ExitCode.INCONCLUSIVE if None in found.verdicts else ExitCode.PASS


def lines(found: BehaviourFindings) -> list[str]:
    """Return the tables, and the machine that they were made on."""
    written = [f"measured minus true, {found.callers} callers at once:"]
    heads = ("turns", "P50 ms", "P95 ms", "worst ms", "bar ms")
    written.append(f"  {'metric':<16}{''.join(f'{head:>10}' for head in heads)}")
    for error in found.errors:
        figures = (error.turns, error.p50_ms, error.p95_ms, error.worst_ms, error.bar_ms)
        cells = "".join(f"{shown(figure):>10}" for figure in figures)
        written.append(f"  {error.name:<16}{cells}  {_VERDICTS[error.holds]}")
    written.append("faults planted, recognised, and found where there was none:")
    for fault in found.faults:
        counts = (fault.planted, fault.recognised, fault.mistaken)
        cells = "".join(f"{shown(count):>10}" for count in counts)
        written.append(f"  {fault.name:<16}{cells}  {_VERDICTS[fault.holds]}: {fault.sign}")
    written.append("two user classes, 3 calls to 1, a dialogue each:")
    for dealt in found.dealings:
        calls = ", ".join(f"{name} {count}" for name, count in sorted(dealt.calls.items()))
        digest = f"schedule {dealt.schedule_hash[:12]}, said {dealt.said_hash[:12]}"
        written.append(f"  processes {dealt.processes:<6}{calls}; {digest}")
    written.append(f"  shares: {_VERDICTS[found.shares_hold]}")
    written.append(f"  the same on any number of processes: {_VERDICTS[found.schedules_hold]}")
    load, busy = shown(found.load_average), shown(found.busy_percent)
    written.append(f"the machine: load {load} before the start, {busy} % busy meanwhile")
    return written
