"""Harper Valley: bank calls between two people, caller and agent in files of their own.

`data/transcript/SID.json` lists segments with the role of the speaker, where they lie in that
speaker's file and when each word was spoken. Every segment of the caller is one turn of a dialogue.
"""

from pathlib import Path
from typing import Any

import msgspec

from harness.corpus.formats.reading import Reading, aligned, named, number
from harness.corpus.marks.annotate import SpeechMarks
from harness.corpus.recording import Recording
from harness.corpus.sound import Unreadable, file_length_s
from harness.errors import BadInput, sanitised

LICENCE = "Apache-2.0"
SOURCE = "alignment-harper-valley"
# What follows the last word stays in the clip for this long: a mark must not be the clip's end.
_AFTER_S = 0.3
_ROLES = ("caller", "agent")


def lists(folder: Path) -> list[Path]:
    """Return the transcripts, where the folder is such a collection."""
    root = _root(folder)
    return sorted((root / "transcript").glob("*.json")) if root else []


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return the segments of callers and agents, tagged with their role."""
    root = _root(path)
    if root is None:
        raise BadInput("holds no data/transcript and data/audio", where=sanitised(path.name))
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in lists(path):
        segments = _segments(listing)
        for role in _ROLES:
            file = reading.file(root / "audio" / role / f"{listing.stem}.wav")
            if file is None:
                continue
            if reading.channel:
                reading.refuse(file, f"has one speaker a file and no channel {reading.channel}")
                continue
            try:
                length_s = file_length_s(reading.folder / file)
            except Unreadable as reason:
                reading.refuse(file, str(reason))
                continue
            turns = [segment for segment in segments if segment.get("speaker_role") == role]
            for turn, segment in enumerate(turns):
                name = named(f"{listing.stem}-{role}-{turn:02}", taken)
                found += _one(segment, name, listing.stem, role, turn, file, length_s)
    return found


def _one(
    segment: dict[str, Any],
    name: str,
    sid: str,
    role: str,
    turn: int,
    file: str,
    length_s: float,
) -> list[Recording]:
    """Return one segment as a cut, none when it has no words."""
    offset_ms, duration_ms = number(segment, "offset_ms"), number(segment, "duration_ms")
    said = sanitised(segment.get("human_transcript") or "")
    if offset_ms is None or duration_ms is None or duration_ms <= 0 or not said:
        return []
    if offset_ms / 1e3 >= length_s:
        return []
    return [
        Recording(
            id=name,
            path=file,
            offset_s=offset_ms / 1e3,
            length_s=min(duration_ms / 1e3 + _AFTER_S, length_s - offset_ms / 1e3),
            transcript=said,
            speaker=f"{sid}-{role}",
            language="en-US",
            licence=LICENCE,
            marks=_marks(segment),
            conversation=sid,
            turn=turn,
            tags=(role, *(sanitised(act) for act in segment.get("dialog_acts") or [])),
        )
    ]


def _marks(segment: dict[str, Any]) -> SpeechMarks | None:
    """Return the span from first to last word."""
    try:
        offsets = [float(value) for value in segment["word_offsets_ms"]]
        lengths = [float(value) for value in segment["word_durations_ms"]]
        ends = [offset + length for offset, length in zip(offsets, lengths, strict=True)]
        return aligned(min(offsets) / 1e3, max(ends) / 1e3, SOURCE)
    except (KeyError, TypeError, ValueError):
        return None


def _segments(listing: Path) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(listing.read_bytes(), type=list[dict[str, Any]])
    except (OSError, ValueError) as error:
        raise BadInput(f"is no list of segments: {error}", where=listing.name) from error


def _root(folder: Path) -> Path | None:
    for root in (folder, folder / "data"):
        if (root / "transcript").is_dir() and (root / "audio" / "caller").is_dir():
            return root
    return None
