"""`harness history`: what became of a target over many runs."""

from pathlib import Path

import click

from harness.analysis import RunEvidence
from harness.analysis.history.entry import METRICS, PERCENTS, history_run
from harness.analysis.history.series import Series, find_run, fingerprints, series_of
from harness.cli.gate import read_records
from harness.clock import wall_time
from harness.errors import BadInput, ExitCode
from harness.load.price_list import bundled_prices
from harness.model.history import Acceptance, History, HistoryLine
from harness.recording.history import append_history, read_history

_file = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("history.jsonl"),
    show_default=True,
    help="The history; it may live in a repository.",
)


@click.group("history")
def command() -> None:
    """Keep one line a run, and find where the level of a target changed."""


@command.command("add")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@_file
@click.option("--note", default="", help="What the runs are of, such as the build.")
def add(runs: tuple[Path, ...], path: Path, note: str) -> int:
    """Append each RUN to the history; one that is there already is left out."""
    known = read_history(path) if path.exists() else History(())
    there = {(run.run_id, run.started_at): run.fingerprint for run in known.runs}
    evidence = [RunEvidence(read_records(run), bundled_prices()) for run in runs]
    for one in evidence:
        entry = history_run(one, note)
        if (entry.run_id, entry.started_at) in there:
            click.echo(f"{entry.run_id} is there already")
            continue
        append_history(path, HistoryLine(run=entry))
        alike = list(there.values()).count(entry.fingerprint)
        there[entry.run_id, entry.started_at] = entry.fingerprint
        click.echo(f"{entry.run_id} added, {_runs(alike)} like it before")
    return ExitCode.PASS


@command.command("accept")
@click.argument("run_id", metavar="RUN_ID")
@_file
@click.option("--note", required=True, help="Why the new level is the baseline from now on.")
def accept(run_id: str, path: Path, note: str) -> int:
    """Accept the change of level that begins with RUN_ID."""
    find_run(read_history(path), run_id)
    moment = wall_time().isoformat(timespec="seconds")
    append_history(path, HistoryLine(accepted=Acceptance(run_id=run_id, at=moment, note=note)))
    click.echo(f"{run_id} accepted: {note}")
    return ExitCode.PASS


@command.command("show")
@_file
@click.option("--metric", type=click.Choice(METRICS), default=METRICS[0], show_default=True)
@click.option(
    "--gate", is_flag=True, help="Exit code 1 when a change to a higher level is not accepted."
)
def show(path: Path, metric: str, gate: bool) -> int:
    """Show the levels of every group of like runs, and where they changed."""
    history = read_history(path)
    if not history.runs:
        raise BadInput("holds no run", where=str(path), hint="Add one with `harness history add`")
    regressed = False
    for digest, runs in fingerprints(history.runs).items():
        last = runs[-1].facts
        named = (last.get("scenario"), last.get("model"), last.get("network"), last.get("host"))
        click.echo(f"{digest}  {', '.join(filter(None, named))}; {_runs(len(runs))}")
        for percent in PERCENTS:
            series = series_of(history, f"{metric} P{percent}", digest)
            _show(series)
            regressed = regressed or bool(series.open_regressions)
    return ExitCode.FAIL if gate and regressed else ExitCode.PASS


def _show(series: Series) -> None:
    level = series.level
    if level is None:
        click.echo(f"  {series.subject}: in no run")
        return
    first, value = level
    lacking = f", {series.missing} without it" if series.missing else ""
    click.echo(
        f"  {series.subject}: {value:.0f} ms since {series.runs[first].run_id},"
        f" {_runs(len(series.values) - first)}{lacking}"
    )
    for change, accepted in zip(series.changes, series.accepted, strict=True):
        said = "not accepted" if accepted is None else f"accepted: {accepted.note}"
        click.echo(
            f"    {change.ratio:+.1%} with {series.runs[change.index].run_id}"
            f" ({change.before:.0f} to {change.after:.0f} ms), {said}"
        )


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"
