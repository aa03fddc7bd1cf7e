"""`harness gate`: judge runs against objectives, for CI."""

import tomllib
from pathlib import Path
from typing import Any

import click

from harness.analysis import (
    GateReport,
    GateVerdict,
    RunEvidence,
    SummaryEvidence,
    judge_objectives,
    parse_objectives,
)
from harness.cli.summarising import bundled_prices
from harness.errors import BadInput, ExitCode
from harness.recording import read_run, read_summary
from harness.report.ci.text import gate_text

_EXIT = {
    GateVerdict.PASS: ExitCode.PASS,
    GateVerdict.FAIL: ExitCode.FAIL,
    GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "--slo",
    type=click.Path(path_type=Path),
    required=True,
    help="TOML file with the objectives.",
)
def command(runs: tuple[Path, ...], slo: Path) -> int:
    """Judge each RUN, a run's folder or its summary.json, against objectives.

    The file holds one table an objective:

    \b
        [[objective]]
        metric = "voice_to_voice"
        percentile = 95
        limit_ms = 1500
        network = "ideal"      # optional
        [[objective]]
        failure_rate = 0.01

    Exit code 0: all met. 1: one missed. 2: not enough turns to tell. 3: a run is INVALID.
    4: bad input.
    """  # noqa: D301  (click wants the escape itself)
    asked = parse_objectives(read_toml(slo), str(slo))
    evidence = [_evidence(run) for run in runs]
    report = GateReport(
        runs=tuple(one.run_id for one in evidence),
        objectives=tuple(found for one in evidence for found in judge_objectives(one, asked)),
        confidence=asked.confidence,
        caveats=tuple(dict.fromkeys(reason for one in evidence for reason in one.caveats)),
    )
    click.echo(gate_text(report))
    return _EXIT[report.verdict]


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


def _evidence(run: Path) -> RunEvidence | SummaryEvidence:
    """Return what is known of a run, from the records wherever they are at hand."""
    if run.is_file():
        return SummaryEvidence(read_summary(run))
    return RunEvidence(read_run(run), bundled_prices())
