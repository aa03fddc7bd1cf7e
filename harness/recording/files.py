"""Names of the files in a run directory, and the two ways in which they are written."""

import os
import tempfile
from pathlib import Path

from harness.errors import BadInput

MANIFEST = "manifest.json"
TURNS = "turns.jsonl"
SESSIONS = "sessions.jsonl"
EVENTS = "events.jsonl"
HISTOGRAMS = "histograms.hlog"
TRUTH = "truth.jsonl"
STAGES = "stages.jsonl"
ACCOUNTS = "vendor.jsonl"
SUMMARY = "summary.json"

_HINT_WRITING = "Choose a folder that can be written to and has room"


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: under a temporary name, then renamed into place.

    Args:
        path: The file; replaced when it exists.
        data: All of its bytes.

    Raises:
        BadInput: The file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.chmod(0o644)  # mkstemp makes it private, and a report is to be shared
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(
            f"cannot be written: {error.strerror}", where=str(path), hint=_HINT_WRITING
        ) from error


def append_bytes(path: Path, data: bytes) -> None:
    """Append to a file and hand the bytes to the system, so that a killed process loses none.

    Raises:
        BadInput: The file cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise BadInput(
            f"cannot be written: {error.strerror}", where=str(path), hint=_HINT_WRITING
        ) from error


def read_bytes(path: Path) -> bytes | None:
    """Return a file's bytes, or `None` where there is no such file.

    Raises:
        BadInput: The file exists and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}",
            where=str(path),
            hint="Give the folder of a run, as `harness run` prints it",
        ) from error
