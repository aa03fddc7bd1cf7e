"""Hugging Face's audiofolder: `metadata.csv` or `.jsonl` with a column `file_name`, others free."""

from pathlib import Path
from typing import Any

from harness.corpus.formats.reading import Reading, named, objects, table, text
from harness.corpus.recording import Recording

_NAMES = ("metadata.csv", "metadata.jsonl")


def lists(folder: Path) -> list[Path]:
    """Return the metadata files at or below a folder."""
    return [path for name in _NAMES for path in sorted(folder.rglob(name)) if path.is_file()]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return the recordings of a metadata file, or of every one in a folder."""
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in [path] if path.is_file() else lists(path):
        rows: Any = table(listing, ",") if listing.suffix == ".csv" else objects(listing)
        for row in rows:
            file = reading.file(row.get("file_name", ""), listing.parent)
            if file is None:
                continue
            found.append(
                Recording(
                    id=named(file.rpartition(".")[0], taken),
                    path=file,
                    transcript=text(row, "transcription", "transcript", "text", "sentence"),
                    speaker=text(row, "speaker", "speaker_id"),
                    language=text(row, "language", "lang", "locale"),
                    accent=text(row, "accent"),
                    licence=text(row, "license", "licence"),
                )
            )
    return found
