"""The summary file: what machines read of a run, typed by `harness.model.Summary`.

A part that does not apply to the run is absent from the file: a field that has the default of its
type, where that is `None` or empty. What is null in the file is not known, and says why.
"""

from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import BadInput
from harness.model import SUMMARY_SCHEMA, Summary
from harness.recording import files
from harness.recording.json_schema import schema_of

_HINT = "Write it anew with `harness report` and the run's folder"


def write_summary(path: Path, summary: Summary) -> None:
    """Write `summary.json` into a run directory, whole or not at all.

    Args:
        path: The run's folder.
        summary: Of the run.

    Raises:
        BadInput: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(present(summary)), indent=2)
    files.replace_file(path / files.SUMMARY, text + b"\n")


def read_summary(path: Path) -> Summary:
    """Read a summary.

    Args:
        path: The run's folder, or the file itself.

    Raises:
        BadInput: There is none, it has another schema, or it lacks a field or has one of the wrong
            type. Fields that this version does not know are left out: the schema may grow.
    """
    file = path / files.SUMMARY if path.is_dir() else path
    data = files.read_bytes(file)
    if data is None:
        raise BadInput("there is no summary here", where=str(file), hint=_HINT)
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not a summary: {error}", where=str(file), hint=_HINT) from error
    schema, where = document.get("schema"), str(file)
    if not isinstance(schema, str):
        raise BadInput("is not a summary: it names no schema", where=where, hint=_HINT)
    if schema != SUMMARY_SCHEMA:
        raise BadInput(
            f"has schema {schema}, this version reads {SUMMARY_SCHEMA}", where=where, hint=_HINT
        )
    try:
        return msgspec.convert(document, Summary)
    except msgspec.ValidationError as error:
        raise BadInput(f"is not a summary: {error}", where=where, hint=_HINT) from error


def present(value: Any) -> Any:
    """Return what a value is in the file, without the parts that do not apply."""
    if is_dataclass(value):
        held = {field: getattr(value, field.name) for field in fields(value)}
        return {
            field.name: present(found)
            for field, found in held.items()
            if field.default is MISSING or found != field.default or found not in (None, "", ())
        }
    if isinstance(value, dict):
        return {name: present(found) for name, found in value.items()}
    if isinstance(value, tuple):
        return [present(found) for found in value]
    return value


def summary_schema() -> bytes:
    """Return the JSON schema of `summary.json`, as `docs/summary.schema.json` has it."""
    return schema_of(Summary)
