"""Lhotse: `recordings`, `supervisions` and `cuts`, each `.jsonl` or `.jsonl.gz`.

A supervision with an alignment of words is marked by it: its last word ends the speech. Without one
the segment is cut out and annotated. Only files are followed: a recording whose source is a command
or an address is refused.
"""

from pathlib import Path
from typing import Any

from harness.corpus.formats.reading import (
    Reading,
    aligned,
    channel_listed,
    lines,
    named,
    number,
    objects,
    text,
    unreadable_number,
)
from harness.corpus.marks.annotate import SpeechMarks
from harness.corpus.recording import Recording
from harness.errors import BadInput, sanitised

SOURCE = "alignment-lhotse"

Sources = dict[int, tuple[str, int]]
"""Of every channel of a recording its file, and which channel of that file it is."""


def lists(folder: Path) -> list[Path]:
    """Return cuts, or supervisions where there are no cuts."""
    for kind in ("cuts", "supervisions"):
        if found := sorted(path for path in folder.glob("*.jsonl*") if kind in path.name):
            return found
    return []


def is_one(path: Path) -> bool:
    """Return whether the first line of a list is a cut or a supervision."""
    try:
        _, line = next(lines(path), (0, ""))
    except BadInput:
        return False
    return any(f'"{name}"' in line for name in ("recording_id", "supervisions", "tracks"))


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return one recording a supervision."""
    listings = [path] if path.is_file() else lists(path)
    files = _recordings(reading, path.parent if path.is_file() else path)
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in listings:
        for row in objects(listing):
            if "supervisions" in row:
                found += _cut(reading, files, row, listing.parent, taken)
            elif "tracks" in row:
                reading.refuse(text(row, "id"), "is a mix of cuts, which is not read")
            else:
                start_s = _seconds(reading, row, row)
                name = text(row, "recording_id")
                found += _one(reading, files, name, row, start_s, None, taken)
    return found


def _cut(
    reading: Reading,
    files: dict[str, Sources],
    row: dict[str, Any],
    folder: Path,
    taken: set[str],
) -> list[Recording]:
    """Return the supervisions of a cut, of one channel (MonoCut) or of several (MultiCut)."""
    if isinstance(row.get("recording"), dict):
        files |= _sources(reading, row["recording"], folder)
    name = text(row.get("recording") or {}, "id")
    supervisions = [each for each in row["supervisions"] or [] if isinstance(each, dict)]
    if not supervisions:
        reading.refuse(text(row, "id"), "is a cut without a supervision: nobody is said to speak")
    found: list[Recording] = []
    for supervision in supervisions:
        start_s = _seconds(reading, row, supervision)
        if start_s is not None and supervision is not row:
            start_s += number(row, "start") or 0.0
        found += _one(reading, files, name, supervision, start_s, row.get("channel"), taken)
    return found


def _seconds(reading: Reading, row: dict[str, Any], part: dict[str, Any]) -> float | None:
    """Return where a part starts, `None`, and the part is left out, when that is no number."""
    unclear = unreadable_number(part, "start", "duration") or unreadable_number(row, "start")
    if unclear is not None:
        reading.refuse(text(part, "id"), f"has a value of {unclear} that is no number")
        return None
    return number(part, "start") or 0.0


def _one(
    reading: Reading,
    files: dict[str, Sources],
    recording: str,
    supervision: dict[str, Any],
    start_s: float | None,
    cut_channel: object,
    taken: set[str],
) -> list[Recording]:
    """Return a supervision as a cut, none when its audio is not available."""
    if start_s is None:
        return []
    recording, name = recording or text(supervision, "recording_id"), text(supervision, "id")
    if recording not in files:
        reading.refuse(name, f"its recording {recording} is not known here")
        return []
    said = supervision.get("channel", cut_channel)
    listed = _channels(supervision.get("channel")) or _channels(cut_channel)
    if said is not None and not listed and reading.channel is None:
        reading.refuse(name, f"is on channel {sanitised(said)}; --channel chooses one")
        return []
    if reading.channel in listed:
        listed = [channel for channel in listed if channel == reading.channel]
    channel = reading.channel_of(name, listed[0] if listed else None)
    if channel is None:
        return []
    if channel not in files[recording]:
        there = ", ".join(map(str, sorted(files[recording]))) or "none that can be read"
        reading.refuse(name, f"is on channel {channel}; {recording} has {there}")
        return []
    path, index = files[recording][channel]
    return [
        Recording(
            id=named(name, taken),
            path=path,
            offset_s=round(start_s, 6),
            length_s=number(supervision, "duration"),
            channel=index,
            transcript=text(supervision, "text"),
            speaker=text(supervision, "speaker"),
            language=text(supervision, "language"),
            marks=_marks(supervision),
        )
    ]


def _channels(value: object) -> list[int]:
    """Return the channels that a field names: a number, or a list of them."""
    values = value if isinstance(value, list) else [value]
    found = [channel_listed(each) for each in values]
    return [each for each in found if each is not None]


def _marks(supervision: dict[str, Any]) -> SpeechMarks | None:
    """Return the span from first to last word, from the segment's own start.

    An alignment item is `[symbol, start, duration, score]`, on the axis of the segment's start.
    """
    words = (supervision.get("alignment") or {}).get("word") or []
    try:
        spoken = [item for item in words if str(item[0]).strip()]
        origin_s = float(supervision["start"])
        start_s = min(float(item[1]) for item in spoken) - origin_s
        end_s = max(float(item[1]) + float(item[2]) for item in spoken) - origin_s
    except (TypeError, ValueError, IndexError, KeyError):
        return None
    return aligned(max(start_s, 0.0), end_s, SOURCE)


def _recordings(reading: Reading, folder: Path) -> dict[str, Sources]:
    """Return the sources of every recording id."""
    found: dict[str, Sources] = {}
    for listing in sorted(path for path in folder.glob("*.jsonl*") if "recordings" in path.name):
        for row in objects(listing):
            found |= _sources(reading, row, folder)
    return found


def _sources(reading: Reading, row: dict[str, Any], folder: Path) -> dict[str, Sources]:
    """Return where the channels of one recording lie: one file of them all, or one file each."""
    name, sources = text(row, "id"), row.get("sources") or []
    found: Sources = {}
    if row.get("transforms"):
        reading.refuse(name, "is to be transformed (such as its speed), which is not done here")
        return {}
    for source in sources if isinstance(sources, list) else []:
        if not isinstance(source, dict) or source.get("type") != "file":
            reading.refuse(name, "its source is not a file; nothing is run or fetched for it")
            continue
        if (file := reading.file(source.get("source", ""), folder)) is not None:
            for index, channel in enumerate(_channels(source.get("channels")) or [0]):
                found.setdefault(channel, (file, index))
    return {name: found} if found else {}
