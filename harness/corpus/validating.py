"""A manifest held against the bytes it speaks of."""

from dataclasses import dataclass
from pathlib import Path

from harness.corpus.catalogue import digest
from harness.corpus.manifest import Skipped, load_manifest
from harness.corpus.recording import Recording
from harness.corpus.sound import Unreadable, read
from harness.model import Clip, Progress

_LENGTH_TOLERANCE_S = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What holds and what does not.

    Attributes:
        clips: Clips whose every statement about the file holds.
        unmarked: Recordings that are not marked yet.
        skipped: Files the manifest says are no clips.
        wrong: What does not hold, one line each.
    """

    clips: int
    unmarked: int
    skipped: int
    wrong: tuple[str, ...]


def validate_manifest(path: Path, progress: Progress) -> Validation:
    """Compare every clip of a manifest with its file.

    Raises:
        BadInput: It is no manifest at all.
    """
    folder, entries = load_manifest(path)
    clips = [entry for entry in entries if isinstance(entry, Clip)]
    progress.step(f"comparing {path.name} with its files", "clips")
    digests: dict[str, str | None] = {}
    wrong: list[str] = []
    for done, clip in enumerate(clips, start=1):
        if clip.path not in digests:
            digests[clip.path] = digest(folder / clip.path)
        if (complaint := _complaint(folder, clip, digests[clip.path])) is not None:
            wrong.append(f"{clip.id}: {complaint}")
        progress.advance(done, len(clips))
    return Validation(
        clips=len(clips) - len(wrong),
        unmarked=sum(isinstance(entry, Recording) for entry in entries),
        skipped=sum(isinstance(entry, Skipped) for entry in entries),
        wrong=tuple(wrong),
    )


def _complaint(folder: Path, clip: Clip, sha256: str | None) -> str | None:
    """Return the first statement about a file that does not hold."""
    if sha256 is None:
        return f"{clip.path} cannot be opened"
    if sha256 != clip.sha256:
        return f"sha256 is {sha256[:12]}…, the manifest says {clip.sha256[:12]}…"
    try:
        sound = read(folder / clip.path, clip.offset_s, clip.duration_s, clip.channel)
    except Unreadable as reason:
        return str(reason)
    for name, said, found in (
        ("rate_hz", clip.rate_hz, sound.rate_hz),
        ("channels", clip.channels, sound.channels),
    ):
        if said != found:
            return f"{name} is {found}, the manifest says {said}"
    length_s = len(sound.samples) / sound.rate_hz
    if abs(length_s - clip.duration_s) > _LENGTH_TOLERANCE_S:
        return f"duration_s is {length_s:.3f}, the manifest says {clip.duration_s:.3f}"
    return None
