"""The truth log: one line of JSON per response."""

from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.errors import BadInput, sanitised
from harness.model import TruthRecord


class TruthLog:
    """Appends truth records to a file, each a whole line that is flushed at once.

    Args:
        path: The file, `None` to keep no log.

    Raises:
        BadInput: The file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None
        self._encoder = msgspec.json.Encoder()
        if path is None:
            return
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise BadInput(
                f"cannot write the truth log: {sanitised(error.strerror)}",
                where=str(path),
                hint="Name a file in a folder that exists and is writable",
            ) from error

    def write(self, record: TruthRecord) -> None:
        """Append one record."""
        if self._file is not None:
            self._file.write(self._encoder.encode(record) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; later records are not kept."""
        if self._file is not None:
            self._file.close()
            self._file = None
