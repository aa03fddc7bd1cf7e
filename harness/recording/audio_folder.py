"""The folder of recordings in a run directory: whole files, and one line about each.

A file appears under its name when it is complete, and its line after it, so a run that was killed
at any moment has nothing half-written that anybody would read.
"""

from dataclasses import replace
from pathlib import Path

from harness.errors import BadInput
from harness.model import Recording
from harness.recording import files
from harness.recording.jsonl import decode_lines, encode_lines

AUDIO = "audio"
"""Name of the folder."""

_LIST = "recordings.jsonl"


class AudioFolder:
    """Recordings being written, within a bound.

    Args:
        run: The run's folder.
        most_bytes: Most that the files may take together.
    """

    def __init__(self, run: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = run / AUDIO, most_bytes
        self._kept: dict[str, Recording] = {}
        self.bytes_kept = 0

    def __len__(self) -> int:
        """Return how many recordings are kept."""
        return len(self._kept)

    def keep(self, recording: Recording, data: bytes) -> bool:
        """Write a recording; return whether there was room for it.

        Raises:
            BadInput: The file cannot be written.
        """
        if self.bytes_kept + len(data) > self._most_bytes:
            return False
        if not self._kept:
            _make(self._folder)
        files.replace_file(self._folder / recording.file, data)
        files.append_bytes(self._folder / _LIST, encode_lines([recording]))
        self._kept[recording.file] = recording
        self.bytes_kept += len(data)
        return True

    def remove(self, name: str) -> None:
        """Remove a recording, if it is kept.

        Raises:
            BadInput: The list cannot be written.
        """
        recording = self._kept.pop(name, None)
        if recording is None:
            return
        line = encode_lines([replace(recording, removed=True)])
        files.append_bytes(self._folder / _LIST, line)
        (self._folder / name).unlink(missing_ok=True)
        self.bytes_kept -= recording.size_bytes


def read_recordings(run: Path) -> tuple[Recording, ...]:
    """Return the recordings of a run that were kept; whether their files are still there or not.

    Raises:
        BadInput: The list of them is not as it was written.
    """
    file = run / AUDIO / _LIST
    lines = decode_lines(files.read_bytes(file) or b"", Recording, str(file))
    last = {recording.file: recording for recording in lines}
    return tuple(recording for recording in last.values() if not recording.removed)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"no recordings can be kept here: {error.strerror}",
            where=str(folder),
            hint="Choose a folder that can be written to and has room",
        ) from error
