"""A log that is written as things happen: one line of JSON per record."""

from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.errors import BadInput, sanitised


class RecordLog:
    """Appends records to a file, each a whole line that is flushed at once.

    Args:
        path: The file, `None` to keep no log.
        what: What the log is called, such as `truth log`.

    Raises:
        BadInput: The file cannot be written.
    """

    def __init__(self, path: Path | None, what: str) -> None:
        self._file: BinaryIO | None = None
        self._encoder = msgspec.json.Encoder()
        if path is None:
            return
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise BadInput(
                f"cannot write the {what}: {sanitised(error.strerror)}",
                where=str(path),
                hint="Name a file in a folder that exists and is writable",
            ) from error

    def write(self, record: object) -> None:
        """Append one record of `harness.model`."""
        if self._file is not None:
            self._file.write(self._encoder.encode(record) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; later records are not kept."""
        if self._file is not None:
            self._file.close()
            self._file = None
