"""NeMo's JSON Lines: `audio_filepath`, `text`, perhaps `duration`, `offset`, `speaker`, `lang`."""

from itertools import islice
from pathlib import Path

from harness.corpus.formats.reading import (
    Reading,
    lines,
    listed_channel,
    named,
    number,
    objects,
    text,
    unreadable_number,
)
from harness.corpus.recording import Recording
from harness.errors import BadInput


def lists(folder: Path) -> list[Path]:
    """Return the lists of this format in a folder."""
    return [path for path in sorted(folder.glob("*.json*")) if path.is_file() and is_one(path)]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return the recordings of a list, or of every list in a folder."""
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in [path] if path.is_file() else lists(path):
        for row in objects(listing):
            file = reading.file(row.get("audio_filepath", ""), listing.parent)
            if file is None:
                continue
            cut = ("offset", "duration") if "offset" in row else ()
            if (unclear := unreadable_number(row, *cut)) is not None:
                reading.refuse(file, f"has a value of {unclear} that is no number")
                continue
            channel = listed_channel(reading, file, row)
            if channel is None:
                continue
            found.append(
                Recording(
                    id=named(file.rpartition(".")[0], taken),
                    path=file,
                    transcript=text(row, "text"),
                    speaker=text(row, "speaker", "speaker_id"),
                    language=text(row, "lang", "language"),
                    accent=text(row, "accent"),
                    licence=text(row, "license", "licence"),
                    offset_s=number(row, "offset") or 0.0,
                    length_s=number(row, "duration") if "offset" in row else None,
                    channel=channel,
                )
            )
    return found


def is_one(path: Path) -> bool:
    """Return whether the first lines are such rows: one object a line, or an array of them."""
    try:
        return any('"audio_filepath"' in line for _, line in islice(lines(path), 4))
    except BadInput:
        return False
