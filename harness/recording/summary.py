"""The summary file: what machines read of a run, typed by `harness.model.Summary`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import BadInput
from harness.model import SUMMARY_SCHEMA, Summary
from harness.recording import files

_HINT = "Write it anew with `harness report` and the run's folder"


def write_summary(path: Path, summary: Summary) -> None:
    """Write `summary.json` into a run directory, whole or not at all.

    Args:
        path: The run's folder.
        summary: Of the run.

    Raises:
        BadInput: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(summary), indent=2)
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
    return typed_summary(document, str(file))


def typed_summary(document: Mapping[str, Any], where: str) -> Summary:
    """Return a summary's document as its types.

    Args:
        document: What `analysis.summarise` returned, or was read of a file.
        where: What an error calls it.

    Raises:
        BadInput: As for `read_summary`.
    """
    schema = document.get("schema")
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


def summary_schema() -> bytes:
    """Return the JSON schema of `summary.json`, as `docs/summary.schema.json` has it.

    Types are described by the first sentence of their docstrings.
    """
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= msgspec.json.schema(Summary)
    for described in schema["$defs"].values():
        if "description" in described:
            described["description"] = described["description"].partition("\n")[0]
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
