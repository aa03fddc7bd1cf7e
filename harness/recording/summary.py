"""The summary file: what machines read of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import BadInput
from harness.recording import files


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write `summary.json` into a run directory, whole or not at all.

    Args:
        path: The run's folder.
        summary: What `analysis.summarise` returned; numbers, text, lists and mappings only.

    Raises:
        BadInput: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(summary), indent=2)
    files.replace_file(path / files.SUMMARY, text + b"\n")


def read_summary(path: Path) -> dict[str, Any]:
    """Read a summary.

    Args:
        path: The run's folder, or the file itself.

    Raises:
        BadInput: There is none, or it is not a JSON object with a `schema`.
    """
    file = path / files.SUMMARY if path.is_dir() else path
    data = files.read_bytes(file)
    hint = "Write it anew with `harness report` and the run's folder"
    if data is None:
        raise BadInput("there is no summary here", where=str(file), hint=hint)
    try:
        summary = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not a summary: {error}", where=str(file), hint=hint) from error
    if not isinstance(summary.get("schema"), str):
        raise BadInput("is not a summary: it names no schema", where=str(file), hint=hint)
    return summary
