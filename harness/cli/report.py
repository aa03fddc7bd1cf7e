"""`harness report`: what a run directory says, written anew from its records."""

from collections.abc import Iterator
from pathlib import Path

import click

from harness.analysis import PriceList
from harness.analysis.history.entry import METRICS, PERCENTS, fingerprint
from harness.analysis.history.series import Series, series_of
from harness.bench.findings import SAFE_SHARE
from harness.bench.last_check import recall
from harness.cli.summarising import summarise_directory
from harness.environment import cache_dir
from harness.errors import ExitCode
from harness.load.price_list import prices_with
from harness.model import Run, Summary
from harness.model.history import History
from harness.recording import write_summary
from harness.recording.history import read_history
from harness.report import result_table, write_report, write_turns


@click.command(name="report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--no-html", is_flag=True, help="Write summary.json only, without the HTML page.")
@click.option("--csv", is_flag=True, help="Also write turns.csv: one row a turn, every latency.")
@click.option(
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A history (harness history) to show on the page beside the run.",
)
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file of prices that come before those of the package (docs/cost.md).",
)
def command(
    runs: tuple[Path, ...], no_html: bool, csv: bool, history: Path | None, prices: Path | None
) -> int:
    """Write summary.json and report.html into each RUN's folder and print its result table.

    Works on a run that was killed, with what it had written by then. Exit code 3 when one of
    the runs is INVALID.
    """
    past = None if history is None else read_history(history)
    listed, states = prices_with(prices), []
    for number, path in enumerate(runs):
        if len(runs) > 1:
            click.echo(f"{'' if number == 0 else chr(10)}{path}")
        states.append(_report(path, past, listed, html=not no_html, csv=csv))
    return ExitCode.INVALID if "INVALID" in states else ExitCode.PASS


def _capacity_note(run: Run, summary: Summary) -> Iterator[str]:
    """Say so when the run came near to what this machine was found to hold."""
    peak, kept = summary.load.concurrency_peak, recall(cache_dir())
    if peak is None or kept is None:
        return
    for found in kept["capacity"]:
        holds = found["sessions"]
        if found["frame_ms"] == run.manifest.frame_ms and holds and peak > SAFE_SHARE * holds:
            yield (
                f"{'note':<17}{peak} sessions at once are more than {SAFE_SHARE:.0%} of the {holds}"
                " that one process held here in the last harness selfcheck"
            )


def _report(path: Path, past: History | None, prices: PriceList, *, html: bool, csv: bool) -> str:
    """Report one run and return the state of its validity."""
    run, summary = summarise_directory(path, prices)
    write_summary(path, summary)
    click.echo(result_table(summary))
    for line in _capacity_note(run, summary):
        click.echo(line)
    if html:
        click.echo(f"\n{'report':<17}{write_report(path, run, summary, _series(past, run))}")
    if csv:
        click.echo(f"{'turns':<17}{write_turns(path, run)}")
    return str(summary.validity.state)


def _series(past: History | None, run: Run) -> tuple[Series, ...]:
    """Return the headline's percentiles over the runs of a history that are like this one."""
    if past is None:
        return ()
    digest = fingerprint(run)
    return tuple(series_of(past, f"{METRICS[0]} P{percent}", digest) for percent in PERCENTS)
