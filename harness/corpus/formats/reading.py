"""What every reader needs: lines of a list, values of a row, and complaints with a place."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import msgspec

from harness.corpus.inside import inside
from harness.corpus.marks.annotate import SpeechMarks
from harness.errors import BadInput, sanitised

_MOST_BYTES = 1 << 30
_ALIGNED_UNCERTAINTY_MS = 30.0


@dataclass(slots=True)
class Reading:
    """One collection while it is read.

    Attributes:
        folder: Where paths begin, and what they must not leave.
        refused: What was left out, with the reason.
    """

    folder: Path
    refused: list[str] = field(default_factory=list)

    def refuse(self, what: str, why: str) -> None:
        """Leave something out and remember why."""
        self.refused.append(f"{sanitised(what)}: {why}")

    def file(self, name: object, beside: Path | None = None) -> str | None:
        """Return a file of a list relative to the folder; refused when it is not inside.

        Args:
            name: As the list has it; an absolute path that leads into the folder will do.
            beside: The folder of the list, where names count from there.
        """
        text = str(name)
        at = Path(text)
        try:
            if at.is_absolute():
                text = at.resolve().relative_to(self.folder.resolve()).as_posix()
            elif beside is not None and beside != self.folder:
                text = (beside / at).relative_to(self.folder).as_posix()
        except (ValueError, OSError):
            text = ""
        path = inside(self.folder, text)
        if path is None:
            self.refuse(str(name), "leads out of the corpus folder")
        elif not path.is_file():
            self.refuse(str(name), "is not there")
        else:
            return text
        return None


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file that say something, with their numbers; .gz is unpacked.

    Raises:
        BadInput: It cannot be read, is no UTF-8 text or swells beyond a gigabyte.
    """
    size = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                size += len(line)
                if size > _MOST_BYTES:
                    raise BadInput("is too large for a list", where=sanitised(path.name))
                if line.strip():
                    yield number, line.rstrip("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", where=sanitised(path.name)) from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8-sig")


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file.

    Raises:
        BadInput: A line is no object.
    """
    for number, line in lines(path):
        where = f"{sanitised(path.name)} line {number}"
        try:
            row = msgspec.json.decode(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"is no JSON: {error}", where=where) from error
        if not isinstance(row, dict):
            raise BadInput("is no JSON object", where=where)
        yield row


def table(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table with a header; quotes mean something only between commas."""
    rows = (f"{line}\n" for _, line in lines(path))
    reader = (
        csv.DictReader(rows, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        if delimiter == "\t"
        else csv.DictReader(rows, delimiter=delimiter)
    )
    try:
        for row in reader:
            yield {str(key): value or "" for key, value in row.items() if isinstance(value, str)}
    except csv.Error as error:
        raise BadInput(f"is no table: {error}", where=sanitised(path.name)) from error


def text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these values that is there, as text that can be shown."""
    for name in names:
        value = row.get(name)
        if value is not None and not isinstance(value, dict | list):
            return sanitised(value)
    return ""


def number(row: Mapping[str, Any], name: str) -> float | None:
    """Return a number of a row, `None` when there is none."""
    try:
        value = float(row[name])
    except (KeyError, TypeError, ValueError):
        return None
    return value if abs(value) < 1e9 else None


def aligned(start_s: float, end_s: float, source: str) -> SpeechMarks | None:
    """Return marks from an alignment of words, `None` when they make no stretch."""
    if not 0 <= start_s < end_s:
        return None
    return SpeechMarks(
        start_s=round(start_s, 6),
        end_s=round(end_s, 6),
        end_source=source,
        end_uncertainty_ms=_ALIGNED_UNCERTAINTY_MS,
    )


def named(wanted: str, taken: set[str]) -> str:
    """Return a name not yet taken, as close to the wanted one as can be, and take it."""
    name, count = sanitised(wanted) or "clip", 1
    while name in taken:
        count += 1
        name = f"{sanitised(wanted) or 'clip'}#{count}"
    taken.add(name)
    return name
