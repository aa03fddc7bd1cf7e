"""`harness gate`: judge runs against objectives, for CI."""

import gc
import tomllib
from pathlib import Path
from typing import Any

import click

from harness.analysis import (
    RunEvidence,
    RunSpread,
    SummaryEvidence,
    gate_against,
    gate_runs,
    parse_objectives,
)
from harness.analysis.history.entry import fingerprint
from harness.analysis.history.series import run_spreads
from harness.cli.gate_outputs import GateOutputs, output_options
from harness.cli.many_values import ManyValues
from harness.cli.summarising import recorded
from harness.errors import BadInput
from harness.load.price_list import bundled_prices
from harness.model import Run
from harness.recording import read_summary
from harness.recording.history import read_history


class _Gate(ManyValues):
    many = "--baseline"


@click.command(cls=_Gate)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--slo", type=click.Path(path_type=Path), help="TOML file with the objectives.")
@click.option(
    "--baseline",
    multiple=True,
    metavar="RUN...",
    type=click.Path(path_type=Path),
    help="Runs to compare with; all words up to the next option.",
)
@click.option(
    "--paired/--unpaired",
    default=None,
    help="Runs belong together in the order given, or not; by their schedules where not said.",
)
@click.option(
    "--allow-different", multiple=True, metavar="KEY", help="A fact that may differ between runs."
)
@click.option(
    "--run-sd",
    type=click.FloatRange(0, 1),
    help="How runs of an unchanged target differ, for one run against one: 0.03 for 3 %.",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A history that says how runs of an unchanged target differ, for one run against one.",
)
@output_options
def command(
    *,
    runs: tuple[Path, ...],
    slo: Path | None,
    baseline: tuple[Path, ...],
    paired: bool | None,
    allow_different: tuple[str, ...],
    run_sd: float | None,
    history: Path | None,
    **files: Any,
) -> int:
    """Judge each RUN, a run's folder or its summary.json, by itself and against baseline runs.

    The file of objectives holds one table each:

    \b
        [[objective]]
        metric = "voice_to_voice"
        percentile = 95
        limit_ms = 1500
        tolerance = 0.05       # at most 5 % slower than the baseline
        network = "ideal"      # optional
        [[objective]]
        failure_rate = 0.01

    Without one, --baseline compares voice_to_voice P95 with a tolerance of 5 %.

    Exit code 0: all shown to be met. 1: one shown to be missed. 2: not enough turns or runs to
    tell. 3: a run is INVALID. 4: bad input.
    """  # noqa: D301  (click wants the escape itself)
    # Millions of records are read, and the process ends with the verdict: there is nothing that
    # collecting garbage among them could free in time.
    gc.disable()
    outputs = GateOutputs(**files)
    with outputs.of_refusals():
        asked = None if slo is None else parse_objectives(read_toml(slo), str(slo))
        if baseline:
            against = [read_records(run) for run in baseline]
            report = gate_against(
                [read_records(run) for run in runs],
                against,
                asked,
                bundled_prices(),
                allowed=allow_different,
                in_pairs=paired,
                between=_between(run_sd, history, against[0]),
            )
        elif asked is None:
            raise BadInput("nothing to judge by", hint="Give --slo FILE, --baseline RUN, or both")
        else:
            report = gate_runs([_evidence(run) for run in runs], asked)
    return outputs.tell(report)


def _between(run_sd: float | None, history: Path | None, baseline: Run) -> dict[str, RunSpread]:
    """Return how runs of an unchanged target differ, by subject: as given, else from a history."""
    if run_sd is not None:
        return {"": RunSpread(run_sd, 0, "--run-sd")}
    if history is None:
        return {}
    return run_spreads(read_history(history), fingerprint(baseline))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of objectives.

    Raises:
        BadInput: It cannot be read, or is not TOML.
    """
    hint = "Give a TOML file with [[objective]] tables; `harness gate --help` shows one"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not TOML: {error}", where=str(path), hint=hint) from error


def read_records(run: Path) -> Run:
    """Return the records of a run that is to be compared.

    Raises:
        BadInput: It is not a run's folder.
    """
    if run.is_file():
        raise BadInput(
            "is a file, and comparisons need the records",
            where=str(run),
            hint="Give the run's folder",
        )
    return recorded(run)


def _evidence(run: Path) -> RunEvidence | SummaryEvidence:
    """Return what is known of a run, from the records wherever they are at hand."""
    if run.is_file():
        return SummaryEvidence(read_summary(run))
    return RunEvidence(recorded(run), bundled_prices())
