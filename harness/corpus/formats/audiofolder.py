"""Hugging Face's audiofolder: `metadata.csv` or `.jsonl` with a column `file_name`, others free.

The columns of a table are separated by commas, semicolons, tabs or bars; a table that is named
itself may be called as it likes. LJSpeech's `metadata.csv`,
which has no header, is read too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.corpus.formats.reading import (
    Reading,
    lines,
    listed_channel,
    named,
    objects,
    separator,
    table,
    text,
)
from harness.corpus.recording import Recording
from harness.errors import BadInput, sanitised

_NAMES = ("metadata.csv", "metadata.jsonl")
_FILE_COLUMNS = ("file_name", "filename", "file", "path", "audio_filepath", "audio_path", "audio")


def lists(folder: Path) -> list[Path]:
    """Return the metadata files at or below a folder."""
    return [path for name in _NAMES for path in sorted(folder.rglob(name)) if path.is_file()]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return the recordings of a metadata file, or of every one in a folder.

    Raises:
        BadInput: A table has no column that names files.
    """
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in [path] if path.is_file() else lists(path):
        for row in _rows(listing):
            name = text(row, *_FILE_COLUMNS)
            file = reading.file(name, listing.parent)
            channel = None if file is None else listed_channel(reading, file, row)
            if file is None or channel is None:
                continue
            found.append(
                Recording(
                    id=named(file.rpartition(".")[0], taken),
                    path=file,
                    channel=channel,
                    transcript=text(row, "transcription", "transcript", "text", "sentence"),
                    speaker=text(row, "speaker", "speaker_id"),
                    language=text(row, "language", "lang", "locale"),
                    accent=text(row, "accent"),
                    licence=text(row, "license", "licence"),
                )
            )
    return found


def _rows(listing: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table or of a JSON list."""
    first = next((line for _, line in lines(listing) if not line.lower().startswith("sep=")), "")
    if not first:
        raise BadInput("is empty", where=sanitised(listing.name))
    if first.lstrip()[:1] in ("{", "["):
        yield from objects(listing)
        return
    columns = [name.strip().strip('"').lower() for name in first.split(separator(first))]
    if set(columns) & set(_FILE_COLUMNS):
        yield from table(listing)
    elif "|" in first and (listing.parent / "wavs").is_dir():
        yield from _ljspeech(listing)
    else:
        raise BadInput(
            f"has no column file_name; its columns are {', '.join(columns[:8])}",
            where=sanitised(listing.name),
        )


def _ljspeech(listing: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a list as LJSpeech has it, without a header: `name|text|spoken text`."""
    for _, line in lines(listing):
        name, *said = line.split("|")
        yield {"file_name": f"wavs/{name.strip()}.wav", "text": said[-1] if said else ""}
