"""`harness gate`: judge a run against objectives, for CI."""

import tomllib
from pathlib import Path
from typing import Any

import click

from harness.analysis import GateVerdict, judge_objectives, overall, parse_objectives
from harness.cli.summarising import summarise_directory
from harness.errors import BadInput, ExitCode
from harness.model import Summary
from harness.recording import read_summary

_EXIT = {
    GateVerdict.PASS: ExitCode.PASS,
    GateVerdict.FAIL: ExitCode.FAIL,
    GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--slo",
    type=click.Path(path_type=Path),
    required=True,
    help="TOML file with the objectives.",
)
def command(run: Path, slo: Path) -> int:
    """Judge RUN, a run's folder or its summary.json, against objectives.

    The file holds one table an objective:

    \b
        [[objective]]
        metric = "voice_to_voice"
        percentile = 95
        limit_ms = 1500
        network = "ideal"      # optional
        [[objective]]
        failure_rate = 0.01

    Exit code 0: all met. 1: one missed. 2: not enough turns to tell. 3: the run is INVALID.
    4: bad input.
    """  # noqa: D301  (click wants the escape itself)
    objectives = parse_objectives(_read_toml(slo), str(slo))
    summary = _summary(run)
    findings = judge_objectives(summary, objectives)
    for finding in findings:
        line = f"{finding.verdict.upper():<12}  {finding.objective}: {finding.measured}"
        click.echo(f"{line}; to settle it: {finding.settle}" if finding.settle else line)
    verdict = overall(findings)
    click.echo(f"{verdict.upper()}: {summary.run_id}{_caveat(summary)}")
    return _EXIT[verdict]


def _read_toml(path: Path) -> dict[str, Any]:
    hint = "Give a TOML file with [[objective]] tables; `harness gate --help` shows one"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not TOML: {error}", where=str(path), hint=hint) from error


def _summary(run: Path) -> Summary:
    """Return the summary, from the records wherever they are at hand."""
    if run.is_file():
        return read_summary(run)
    return summarise_directory(run)[1]


def _caveat(summary: Summary) -> str:
    reasons = "; ".join(summary.validity.reasons)
    return f" (DEGRADED: {reasons})" if reasons else ""
