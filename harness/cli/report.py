"""`harness report`: what a run directory says, written anew from its records."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from harness.analysis import PriceList, gate_against
from harness.analysis.history.entry import METRICS, PERCENTS, fingerprint
from harness.analysis.history.series import Series, series_of
from harness.analysis.sizing.worth import worth
from harness.bench.findings import SAFE_SHARE
from harness.bench.last_check import recall
from harness.cli.gate import read_records
from harness.cli.many_values import ManyValues
from harness.cli.merging import merge_directories
from harness.cli.stage_log import adopt_stages
from harness.cli.summarising import summarise_directory
from harness.environment import cache_dir
from harness.errors import ExitCode
from harness.load.price_list import prices_with
from harness.model import Run, Summary
from harness.model.capacity_document import CapacityDocument
from harness.model.history import History
from harness.recording import replace_file, write_summary
from harness.recording.capacity import capacity_of, read_capacity
from harness.recording.history import read_history
from harness.report import Beside, write_markdown, write_report, write_turns
from harness.report.ci.document import gate_document
from harness.report.ci.text import gate_text
from harness.report.table import result_table


class _Report(ManyValues):
    many = "--baseline"


@click.command(name="report", cls=_Report)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--no-html", is_flag=True, help="Write summary.json only, without the HTML page.")
@click.option("--csv", is_flag=True, help="Also write turns.csv: one row a turn, every latency.")
@click.option("--markdown", is_flag=True, help="Also write report.md: the page without figures.")
@click.option(
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A history (harness history) to show on the page beside the run.",
)
@click.option(
    "--baseline",
    multiple=True,
    metavar="RUN...",
    type=click.Path(path_type=Path),
    help="Runs to compare with; all words up to the next option.",
)
@click.option(
    "--capacity",
    type=click.Path(path_type=Path, dir_okay=False),
    help="capacity.json of a search, to show beside the run; by itself where it lies beside it.",
)
@click.option(
    "--merge",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write the runs into FOLDER as one, and report that: they must have been asked the same.",
)
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file of prices that come before those of the package (docs/cost.md).",
)
@click.option(
    "--stages",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Stage log of a cascade that was started apart from the RUNs; what is theirs is copied.",
)
def command(
    *,
    runs: tuple[Path, ...],
    no_html: bool,
    csv: bool,
    markdown: bool,
    history: Path | None,
    baseline: tuple[Path, ...],
    capacity: Path | None,
    merge: Path | None,
    prices: Path | None,
    stages: Path | None,
) -> int:
    """Write summary.json and report.html into each RUN's folder and print its result table.

    Works on a run that was killed, with what it had written by then. Exit code 3 when one of
    the runs is INVALID.
    """
    asked = _Asked(
        history=None if history is None else read_history(history),
        baseline=tuple(read_records(path) for path in baseline),
        capacity=None if capacity is None else read_capacity(capacity),
        prices=prices_with(prices),
        html=not no_html,
        csv=csv,
        markdown=markdown,
    )
    if stages is not None:
        for path in runs:
            adopt_stages(stages, path)
    if merge is not None:
        merge_directories(runs, merge)
        runs = (merge,)
    states = []
    for number, path in enumerate(runs):
        if len(runs) > 1:
            click.echo(f"{'' if number == 0 else chr(10)}{path}")
        states.append(_report(path, asked))
    return ExitCode.INVALID if "INVALID" in states else ExitCode.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a report is to show beside its run, and the files to write."""

    history: History | None
    baseline: tuple[Run, ...]
    capacity: CapacityDocument | None
    prices: PriceList
    html: bool
    csv: bool
    markdown: bool


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


def _report(path: Path, asked: _Asked) -> str:
    """Report one run and return the state of its validity."""
    run, summary = summarise_directory(path, asked.prices)
    # Before anything is written: runs that are not alike are refused.
    beside = _beside(path, run, asked)
    write_summary(path, summary)
    click.echo(result_table(summary))
    for line in _capacity_note(run, summary):
        click.echo(line)
    if beside.comparison is not None:
        click.echo(f"\n{gate_text(beside.comparison)}")
        document = json.dumps(gate_document(beside.comparison), indent=2).encode() + b"\n"
        replace_file(path / "comparison.json", document)
    if asked.html:
        click.echo(f"\n{'report':<17}{write_report(path, run, summary, beside)}")
    if asked.markdown:
        click.echo(f"{'markdown':<17}{write_markdown(path, run, summary, beside)}")
    if asked.csv:
        click.echo(f"{'turns':<17}{write_turns(path, run)}")
    return str(summary.validity.state)


def _beside(path: Path, run: Run, asked: _Asked) -> Beside:
    """Return what is shown beside a run.

    Raises:
        BadInput: A baseline run is not like it, or what lies beside it cannot be read.
        RunInvalid: It may not be compared.
    """
    capacity = capacity_of(path) if asked.capacity is None else asked.capacity
    return Beside(
        past=_series(asked.history, run),
        comparison=gate_against([run], asked.baseline, None, asked.prices)
        if asked.baseline
        else None,
        capacity=capacity,
        worth=None if capacity is None else worth(capacity.limit, run.sessions),
    )


def _series(past: History | None, run: Run) -> tuple[Series, ...]:
    """Return the headline's percentiles over the runs of a history that are like this one."""
    if past is None:
        return ()
    digest = fingerprint(run)
    return tuple(series_of(past, f"{METRICS[0]} P{percent}", digest) for percent in PERCENTS)
