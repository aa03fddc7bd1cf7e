"""The comparison of several targets as a file, typed by `harness.model.against_document`."""

from pathlib import Path

import msgspec

from harness.model.against_document import AgainstDocument
from harness.recording import files
from harness.recording.json_schema import schema_of
from harness.recording.summary import present


def write_against(path: Path, document: AgainstDocument) -> None:
    """Write the document, whole or not at all; parts that do not apply are absent.

    Raises:
        BadInput: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(present(document)), indent=2)
    files.replace_file(path, text + b"\n")


def against_schema() -> bytes:
    """Return the JSON schema of `against.json`, as `docs/against.schema.json` has it."""
    return schema_of(AgainstDocument)
