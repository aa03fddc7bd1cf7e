"""The manifest: what is known of each file of a corpus, one JSON object a line.

The first line is `{"schema": ..., "annotator": ...}`. Every other line is a clip with the fields
of `model.Clip`, or a file that is no clip: `path`, `sha256` and `skipped`, the reason. A manifest
of another schema or annotator, or one that cannot be read, counts as empty: it is only a memory of
work that can be done again.
"""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from harness.corpus.annotate import ANNOTATOR
from harness.model import Clip

SCHEMA = "harness.corpus/1"
_HEAD = {"schema": SCHEMA, "annotator": ANNOTATOR}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that cannot be used.

    Attributes:
        path: File, relative to the corpus folder.
        sha256: Digest of its bytes, hexadecimal.
        skipped: Why, in words.
    """

    path: str
    sha256: str
    skipped: str


def read_manifest(path: Path) -> dict[str, Clip | Skipped]:
    """Return what a manifest knows, by path; nothing when there is none that fits."""
    try:
        head, *lines = path.read_bytes().splitlines()
        if msgspec.json.decode(head) != _HEAD:
            return {}
        entries = [_entry(line) for line in lines]
    except (OSError, ValueError):
        # Missing, torn, of another age: msgspec's errors are ValueErrors.
        return {}
    return {entry.path: entry for entry in entries}


def write_manifest(path: Path, entries: Iterable[Clip | Skipped]) -> None:
    """Replace the manifest at `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [_HEAD, *(asdict(entry) for entry in entries)]
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".manifest-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.Encoder().encode_lines(lines))
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _entry(line: bytes) -> Clip | Skipped:
    row = msgspec.json.decode(line)
    if isinstance(row, dict) and "skipped" in row:
        return msgspec.convert(row, Skipped)
    return msgspec.convert(row, Clip)
