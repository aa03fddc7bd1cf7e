"""The option `--json FILE` of the commands that measure, and how that file is written."""

import json
from pathlib import Path

import click

from harness.recording import replace_file

json_option = click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file as well.",
)


def write_json(target: Path | None, findings: object) -> None:
    """Write the whole file or none of it.

    Args:
        target: The file; `None` when none was asked for.
        findings: Plain values.

    Raises:
        BadInput: The file cannot be written.
    """
    if target is not None:
        replace_file(target, json.dumps(findings, indent=2).encode() + b"\n")
