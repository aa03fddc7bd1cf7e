"""Lhotse: `recordings`, `supervisions` and `cuts`, each `.jsonl` or `.jsonl.gz`.

A supervision with an alignment of words is marked by it: its last word ends the speech. Without one
the segment is cut out and annotated. Only files are followed: a recording whose source is a command
or an address is refused.
"""

from pathlib import Path
from typing import Any

from harness.corpus.formats.reading import Reading, aligned, named, number, objects, text
from harness.corpus.marks.annotate import SpeechMarks
from harness.corpus.recording import Recording

SOURCE = "alignment-lhotse"


def lists(folder: Path) -> list[Path]:
    """Return cuts, or supervisions where there are no cuts."""
    for kind in ("cuts", "supervisions"):
        if found := sorted(path for path in folder.glob("*.jsonl*") if kind in path.name):
            return found
    return []


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return one recording a supervision."""
    listings = [path] if path.is_file() else lists(path)
    files = _recordings(reading, path.parent if path.is_file() else path)
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in listings:
        for row in objects(listing):
            if "supervisions" in row:
                if isinstance(row.get("recording"), dict):
                    files |= _file(reading, row["recording"], listing.parent)
                name = text(row.get("recording") or {}, "id")
                for supervision in row["supervisions"] or []:
                    start_s = (number(row, "start") or 0.0) + (number(supervision, "start") or 0.0)
                    found += _one(reading, files, name, supervision, start_s, taken)
            else:
                start_s = number(row, "start") or 0.0
                found += _one(reading, files, text(row, "recording_id"), row, start_s, taken)
    return found


def _one(
    reading: Reading,
    files: dict[str, str],
    recording: str,
    supervision: dict[str, Any],
    start_s: float,
    taken: set[str],
) -> list[Recording]:
    """Return a supervision as a cut, none when its file is not to be had."""
    recording = recording or text(supervision, "recording_id")
    if recording not in files:
        reading.refuse(text(supervision, "id"), f"its recording {recording} is not known here")
        return []
    channel = supervision.get("channel", 0)
    return [
        Recording(
            id=named(text(supervision, "id"), taken),
            path=files[recording],
            offset_s=round(start_s, 6),
            length_s=number(supervision, "duration"),
            channel=channel if isinstance(channel, int) else 0,
            transcript=text(supervision, "text"),
            speaker=text(supervision, "speaker"),
            language=text(supervision, "language"),
            marks=_marks(supervision),
        )
    ]


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


def _recordings(reading: Reading, folder: Path) -> dict[str, str]:
    """Return the file of every recording id."""
    found: dict[str, str] = {}
    for listing in sorted(path for path in folder.glob("*.jsonl*") if "recordings" in path.name):
        for row in objects(listing):
            found |= _file(reading, row, folder)
    return found


def _file(reading: Reading, row: dict[str, Any], folder: Path) -> dict[str, str]:
    name, sources = text(row, "id"), row.get("sources") or []
    for source in sources if isinstance(sources, list) else []:
        if not isinstance(source, dict) or source.get("type") != "file":
            reading.refuse(name, "its source is not a file; nothing is run or fetched for it")
            continue
        if (file := reading.file(source.get("source", ""), folder)) is not None:
            return {name: file}
    return {}
