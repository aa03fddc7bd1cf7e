"""What the server heard, one WAV file for each session: proof that the audio arrived intact."""

import os
import wave
from pathlib import Path

from harness.errors import BadInput, sanitised
from harness.simulator.voice.sound_formats import SoundFormat


def prepare(directory: Path) -> None:
    """Make the folder for the files.

    Raises:
        BadInput: It cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot keep what is heard: {sanitised(error.strerror)}",
            where=str(directory),
            hint="Name a folder that can be made and written to",
        ) from error


class Recorder:
    """Writes all audio of one session, as 16-bit samples at the rate it came in.

    A format that changes in mid-session begins another file, numbered from 2. A file has its own
    name only once it is whole.

    Args:
        directory: Where the files go.
        name: Name of the session.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._name = directory, name
        self._files = 0
        self._format: SoundFormat | None = None
        self._path: Path | None = None
        self._file: wave.Wave_write | None = None

    def __call__(self, audio: bytes, sound: SoundFormat) -> None:
        """Write more audio, whole samples on the wire."""
        if self._file is None or sound is not self._format:
            self._begin(sound)
        assert self._file is not None
        self._file.writeframesraw(sound.decode(audio).astype("<i2").tobytes())

    def close(self) -> None:
        """Finish the file; what comes later begins another."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._file = None
            os.replace(_partial(self._path), self._path)

    def _begin(self, sound: SoundFormat) -> None:
        self.close()
        self._files += 1
        self._format = sound
        suffix = "" if self._files == 1 else f"-{self._files}"
        self._path = self._directory / f"{self._name}{suffix}.wav"
        self._file = wave.open(str(_partial(self._path)), "wb")  # noqa: SIM115
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(sound.rate_hz)


def _partial(path: Path) -> Path:
    return path.with_suffix(".part")
