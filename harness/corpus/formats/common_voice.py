"""Common Voice: tables such as `validated.tsv` with `path` and `sentence`, MP3s in `clips/`.

Its terms forbid mirroring, so nobody fetches it for you: get it from mozilladatacollective.com and
import the unpacked folder.
"""

from pathlib import Path, PurePosixPath

from harness.corpus.formats.reading import Reading, lines, named, table, text
from harness.corpus.recording import Recording
from harness.errors import BadInput

_LICENCE = "CC0 1.0"
_ENDINGS = (".mp3", ".wav", ".flac", ".opus", ".ogg")
# The reviewed sentences first; without any of these, every table that looks like one.
_PREFERRED = ("test.tsv", "dev.tsv", "validated.tsv")


def lists(folder: Path) -> list[Path]:
    """Return the tables to read: the best one of a folder."""
    tables = {path.name: path for path in sorted(folder.glob("*.tsv")) if is_one(path)}
    for name in _PREFERRED:
        if name in tables:
            return [tables[name]]
    return list(tables.values())


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return the recordings of a table, or of the best one in a folder."""
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in [path] if path.is_file() else lists(path):
        for row in table(listing, "\t"):
            # Some tables name the folder too.
            name = row.get("path", "").removeprefix("./").removeprefix("clips/")
            # Clips that were converted keep their names in the table.
            file = reading.file(f"clips/{name}" if name else "", listing.parent, _ENDINGS)
            if file is None:
                continue
            found.append(
                Recording(
                    id=named(PurePosixPath(file).stem, taken),
                    path=file,
                    channel=reading.channel or 0,
                    transcript=text(row, "sentence"),
                    speaker=text(row, "client_id")[:16],
                    language=text(row, "locale"),
                    accent=text(row, "accents", "accent"),
                    licence=_LICENCE,
                )
            )
    return found


def is_one(path: Path) -> bool:
    """Return whether the header is that of such a table."""
    try:
        _, header = next(lines(path), (0, ""))
    except BadInput:
        return False
    return {"client_id", "path", "sentence"} <= set(header.split("\t"))
