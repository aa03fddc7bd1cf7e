"""What every reader needs: lines of a list, values of a row, and refusals with their place."""

import codecs
import csv
import gzip
import json
import math
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PureWindowsPath
from typing import Any, TextIO
from urllib.parse import unquote

import msgspec

from harness.corpus.inside import as_on_disk, inside
from harness.corpus.marks.annotate import SpeechMarks
from harness.errors import BadInput, sanitised

_MOST_BYTES = 1 << 30
_SHOWN_CHARS = 80
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ALIGNED_UNCERTAINTY_MS = 30.0
_SIDES = {"left": 0, "l": 0, "right": 1, "r": 1}
_CHANNEL_NAMES = ("channel_selector", "channel")
_ROOT_HINT = "--root FOLDER names the one that paths must stay in"


@dataclass(slots=True)
class Reading:
    """One collection while it is read.

    Attributes:
        folder: What paths must not leave, and where the paths of the manifest begin.
        channel: The channel that the user chose, from 0; `None` without a choice.
        refused: What was left out, with the reason.
    """

    folder: Path
    channel: int | None = None
    refused: list[str] = field(default_factory=list)

    def refuse(self, what: str, why: str) -> None:
        """Leave something out and remember why."""
        self.refused.append(f"{sanitised(what)}: {why}")

    def channel_of(self, what: str, listed: int | None) -> int | None:
        """Return the channel to read; refused when the list names another than the user.

        Args:
            what: What the list calls the recording.
            listed: The channel that the list names, from 0; `None` when it names none.
        """
        if self.channel is None or listed is None or listed == self.channel:
            return (self.channel or 0) if listed is None else listed
        self.refuse(what, f"is on channel {listed}, not on the chosen channel {self.channel}")
        return None

    def file(
        self, name: object, beside: Path | None = None, endings: Sequence[str] = ()
    ) -> str | None:
        """Return a file of a list relative to the folder; refused when it is not inside.

        Args:
            name: As the list has it, with slashes or backslashes; an absolute path that leads into
                the folder will do.
            beside: The folder of the list: names count from there, or else from `folder`.
            endings: Other endings that the file may have instead of its own.
        """
        said = _from_address(str(name).strip()) if isinstance(name, str | Path) else ""
        if name not in (None, "") and not said:
            self.refuse(str(name)[:_SHOWN_CHARS], "is not the name of one file")
            return None
        if not said:
            self.refuse("a row without a file name", "names no file")
            return None
        if _ADDRESS.match(said):
            self.refuse(said, "is an address; nothing is fetched")
            return None
        strays = True
        for spelling in _spellings(said, endings):
            for base in dict.fromkeys((beside or self.folder, self.folder)):
                if (within := self._within(base, spelling)) is None:
                    continue
                strays = False
                if (path := as_on_disk(self.folder / within)) is not None:
                    return path.relative_to(self.folder).as_posix()
        if strays and PureWindowsPath(said).drive:
            self.refuse(said, "is on a drive of another system")
        elif strays:
            self.refuse(said, f"leads out of the corpus folder; {_ROOT_HINT}")
        else:
            self.refuse(said, "is not there")
        return None

    def _within(self, base: Path, name: str) -> str | None:
        """Return the path below the folder that a name means, `None` when it leads out."""
        try:
            at = Path(name)
            # The file itself may be a link inside the folder; where it leads is checked below.
            at = (at.parent.resolve() if at.is_absolute() else base.resolve() / at.parent) / at.name
            text = Path(os.path.normpath(at)).relative_to(self.folder.resolve()).as_posix()
        except (ValueError, OSError, RuntimeError):
            return None
        return None if text == "." or inside(self.folder, text) is None else text


def _spellings(name: str, endings: Sequence[str]) -> list[str]:
    """Return what a name may mean: as it stands, with slashes for backslashes, otherwise ended."""
    names = [name]
    if "\\" in name and not PureWindowsPath(name).drive:
        names.append(name.replace("\\", "/"))
    stems = [each.rpartition(".")[0] or each for each in names]
    return names + [f"{stem}{ending}" for stem in stems for ending in endings]


def _from_address(name: str) -> str:
    """Return the path that an address of a file names, other names as they are."""
    return unquote(name.removeprefix("file://")) if name.startswith("file:///") else name


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file that say something, with their numbers; .gz is unpacked.

    UTF-8, or UTF-16 where a byte order mark says so.

    Raises:
        BadInput: It cannot be read, is no such text or swells beyond a gigabyte.
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
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8"
        raise BadInput(
            f"is no UTF-8 text: {error}", where=sanitised(path.name), hint=hint
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"cannot be read: {error}", where=sanitised(path.name)) from error


def _opened(path: Path) -> TextIO:
    """Open a list as text, whatever its byte order mark and however it is packed."""
    packed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rb") if packed else path.open("rb") as raw:
        mark = raw.read(2)
    wide = mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = "utf-16" if wide else "utf-8-sig"
    if packed:
        return gzip.open(path, "rt", encoding=encoding)
    return path.open(encoding=encoding)


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, or of one JSON array, which may be in an object.

    Raises:
        BadInput: A line is no object, or one object of several lines holds no single array.
    """
    numbered = lines(path)
    if (first := next(numbered, None)) is None:
        return
    if first[1].strip() in ("{", "[") or first[1].lstrip().startswith("["):
        whole = "\n".join((first[1], *(line for _, line in numbered)))
        rows = _array(_json(whole, sanitised(path.name)), sanitised(path.name))
        found = [(f"{sanitised(path.name)} item {at}", row) for at, row in enumerate(rows, 1)]
    else:
        found = None
    for where, row in found if found is not None else _rows(path, chain([first], numbered)):
        if not isinstance(row, dict):
            raise BadInput("is no JSON object", where=where)
        yield row


def _array(whole: object, where: str) -> list[Any]:
    """Return the array that a JSON text is, or the only one in an object."""
    if isinstance(whole, list):
        return whole
    arrays = [value for value in _values(whole) if isinstance(value, list)]
    if len(arrays) == 1:
        return arrays[0]
    raise BadInput(
        "is one JSON object", where=where, hint="Write one recording a line, or an array of them"
    )


def _values(whole: object) -> list[Any]:
    return list(whole.values()) if isinstance(whole, dict) else []


def _rows(path: Path, numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[str, Any]]:
    """Yield the value of every line, with its place."""
    for number, line in numbered:
        where = f"{sanitised(path.name)} line {number}"
        yield where, _json(line, where)


def _json(content: str, where: str) -> Any:
    """Return a JSON value; NaN and Infinity, which Python and pandas write, become such floats."""
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError) as strict:
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise BadInput(f"is no JSON: {strict}", where=where) from strict


def table(path: Path, delimiter: str | None = None) -> Iterator[dict[str, str]]:
    """Yield the rows of a table with a header; quotes mean something in all but tab-separated ones.

    Args:
        path: The table.
        delimiter: What separates its columns; found in the header when `None`.

    Raises:
        BadInput: It cannot be read as a table.
    """
    numbered = lines(path)
    if (first := next(numbered, None)) is None:
        return
    if first[1].lower().startswith("sep="):
        # Excel's own line before the header.
        first = next(numbered, first)
    delimiter = delimiter or separator(first[1])
    rows = (f"{line}\n" for _, line in chain([first], numbered))
    reader = (
        csv.DictReader(rows, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        if delimiter == "\t"
        else csv.DictReader(rows, delimiter=delimiter, skipinitialspace=True)
    )
    try:
        for row in reader:
            yield {
                str(key).strip().lower(): value.strip()
                for key, value in row.items()
                if isinstance(value, str)
            }
    except csv.Error as error:
        raise BadInput(f"is no table: {error}", where=sanitised(path.name)) from error


def separator(header: str) -> str:
    """Return what separates the columns of a header: comma, semicolon, tab or bar."""
    return max(",;\t|", key=header.count)


def text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these values that is there, as text that can be shown."""
    for name in names:
        value = row.get(name)
        if isinstance(value, float) and math.isnan(value):
            # An empty cell, as pandas writes it.
            continue
        if value is not None and not isinstance(value, dict | list):
            return sanitised(value)
    return ""


def number(row: Mapping[str, Any], name: str) -> float | None:
    """Return a number of a row, `None` when there is none."""
    try:
        value = float(row[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return value if abs(value) < 1e9 else None


def channel_number(label: str) -> int | None:
    """Return a channel from 0, of a label such as A, B, … or 1, 2, … or left; else `None`."""
    if len(label) == 1 and label.upper() in "ABCDEFGH":
        return ord(label.upper()) - ord("A")
    if label.lower() in _SIDES:
        return _SIDES[label.lower()]
    return int(label) - 1 if label.isascii() and label.isdecimal() and label != "0" else None


def channel_listed(value: object) -> int | None:
    """Return the channel that a value names, from 0; `None` where it names none."""
    if isinstance(value, str) and value.strip().lower() in _SIDES:
        return _SIDES[value.strip().lower()]
    channel = None if isinstance(value, bool) else number({"": value}, "")
    return int(channel) if channel is not None and channel >= 0 and channel % 1 == 0 else None


def listed_channel(reading: Reading, file: str, row: Mapping[str, Any]) -> int | None:
    """Return the channel of a row, as it names one or the user chose; refused where that fails.

    `channel_selector` and `channel` are a channel, or a list of them of which the first counts.
    """
    value = next((row[name] for name in _CHANNEL_NAMES if row.get(name) not in (None, "")), None)
    if value is None or value == []:
        return reading.channel or 0
    listed = [channel_listed(each) for each in (value if isinstance(value, list) else [value])]
    if None in listed:
        if reading.channel is not None:
            return reading.channel
        reading.refuse(file, f"asks for channel {sanitised(value)}; --channel chooses one")
        return None
    return reading.channel_of(file, reading.channel if reading.channel in listed else listed[0])


def unreadable_number(row: Mapping[str, Any], *names: str) -> str | None:
    """Return the first of these fields whose value is present and is no number, else `None`."""
    for name in names:
        if row.get(name) is not None and number(row, name) is None:
            return name
    return None


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
