"""Where a gate's verdict goes beside the terminal: the options, and the files they name."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.analysis import GateReport
from harness.environment import setting
from harness.errors import ExitCode, HarnessError
from harness.model.gate_document import GateDocument, GateRefusal
from harness.recording import replace_file
from harness.recording.files import append_bytes
from harness.report.ci.document import EXIT_CODES, gate_document, refusal_document
from harness.report.ci.github import (
    annotations,
    job_summary,
    refusal_annotation,
    refusal_summary,
)
from harness.report.ci.junit import gate_junit, refusal_junit
from harness.report.ci.text import gate_text

_JOB_SUMMARY = "GITHUB_STEP_SUMMARY"

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutputs:
    """What was asked for.

    Attributes:
        document: File for the verdict as JSON; `None` for none.
        junit: File for it as JUnit XML.
        markdown: File for it as Markdown.
        github: Write annotations to stdout, and the Markdown to the job's summary.
    """

    document: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    github: bool = False

    def tell(self, report: GateReport) -> ExitCode:
        """Print the verdict, write every file, and return the exit code.

        Raises:
            BadInput: A file cannot be written.
        """
        click.echo(gate_text(report))
        self._write(gate_document(report), gate_junit(report), job_summary(report))
        if self.github:
            for line in annotations(report):
                click.echo(line)
        return EXIT_CODES[report.verdict]

    @contextmanager
    def of_refusals(self) -> Iterator[None]:
        """Tell in every file, too, why nothing could be judged; the exception goes on."""
        try:
            yield
        except HarnessError as error:
            self._write(refusal_document(error), refusal_junit(error), refusal_summary(error))
            if self.github:
                click.echo(refusal_annotation(error))
            raise

    def _write(self, document: GateDocument | GateRefusal, junit: bytes, markdown: str) -> None:
        text = json.dumps(document, indent=2).encode() + b"\n"
        files = ((self.document, text), (self.junit, junit), (self.markdown, markdown.encode()))
        for path, data in files:
            if path is not None:
                replace_file(path, data)
        if self.github and (summary := setting(_JOB_SUMMARY)) is not None:
            append_bytes(Path(summary), markdown.encode())


_FILE = click.Path(path_type=Path, dir_okay=False)
_OPTIONS = (
    click.option("--json", "document", type=_FILE, help="Write the verdict to this file."),
    click.option("--junit", type=_FILE, help="Write it as JUnit XML."),
    click.option("--markdown", type=_FILE, help="Write it as Markdown."),
    click.option(
        "--github",
        is_flag=True,
        help="In GitHub Actions: annotations, and Markdown in the job's summary.",
    ),
)


def output_options(function: Function) -> Function:
    """Add the options to a command, which gets the fields of `GateOutputs` by name."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
