"""From audio files to clips: digest every file, mark the speech in those not seen before."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.corpus.annotate import Annotator, SpeechMarks
from harness.corpus.manifest import Skipped, read_manifest, write_manifest
from harness.corpus.sound import Unreadable, read, suffixes
from harness.errors import printable
from harness.model import Clip, Progress

_LARGEST_BYTES = 512 * 1024 * 1024
_NAMED_ONE_BY_ONE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One file of a corpus, with what its collection says about it.

    Attributes:
        id: Name, unique in the corpus.
        path: File, relative to the corpus folder.
        marks: Where its speech lies, where that is known; otherwise it is annotated.
    """

    id: str
    path: str
    transcript: str = ""
    speaker: str = ""
    language: str = ""
    licence: str = ""
    marks: SpeechMarks | None = None


def describe(
    folder: Path, recordings: Sequence[Recording], manifest: Path, progress: Progress
) -> tuple[Clip, ...]:
    """Return the clips of a corpus; what the manifest knows of the same bytes is not done again.

    Args:
        folder: Where the files lie.
        recordings: Which files.
        manifest: Where the findings are kept.
        progress: Told how far annotation has come, and what was skipped and why.
    """
    known = read_manifest(manifest)
    found: list[Clip | Skipped] = []
    annotator = Annotator()
    examined = 0
    for done, recording in enumerate(recordings):
        sha256 = _digest(folder / recording.path)
        entry = known.get(recording.path)
        if sha256 is None:
            found.append(Skipped(recording.path, "", "cannot be opened or is too large"))
        elif entry is not None and entry.sha256 == sha256:
            found.append(_renamed(entry, recording))
        else:
            if not examined:
                progress.step("reading new clips and marking their speech")
            examined += 1
            found.append(_examine(folder, recording, sha256, annotator))
            progress.advance(done + 1, len(recordings))
    if found != list(known.values()):
        write_manifest(manifest, found)
    _tell(progress, [entry for entry in found if isinstance(entry, Skipped)])
    return tuple(entry for entry in found if isinstance(entry, Clip))


def plain_recordings(folder: Path, progress: Progress) -> list[Recording]:
    """Return every audio file under `folder` by its ending: sorted, none hidden.

    An id is the path without its ending, as long as that can be shown as it is and is the only
    one; otherwise it is the number of the file.
    """
    endings = suffixes()
    paths: list[str] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or path.suffix.lower() not in endings or not path.is_file():
            continue
        name = inside.as_posix()
        if (shown := name.encode(errors="replace").decode()) == name:
            paths.append(name)
        else:
            progress.step(f"skipped {printable(shown)}: its name is not UTF-8")
    stems = [path.rpartition(".")[0] for path in paths]
    uses = Counter(stems)
    return [
        Recording(
            id=stem if uses[stem] == 1 and stem == printable(stem) else f"#{number}", path=path
        )
        for number, (stem, path) in enumerate(zip(stems, paths, strict=True), start=1)
    ]


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, `None` when it cannot or should not be read."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _renamed(entry: Clip | Skipped, recording: Recording) -> Clip | Skipped:
    """Return a remembered finding with what the collection says today."""
    if isinstance(entry, Skipped):
        return entry
    return replace(
        entry,
        id=recording.id,
        transcript=recording.transcript,
        speaker=recording.speaker,
        language=recording.language,
        licence=recording.licence,
    )


def _examine(
    folder: Path, recording: Recording, sha256: str, annotator: Annotator
) -> Clip | Skipped:
    """Read one file and mark its speech."""
    try:
        sound = read(folder / recording.path)
    except Unreadable as reason:
        return Skipped(recording.path, sha256, printable(reason))
    marks = recording.marks or annotator.marks(sound.samples, sound.rate_hz)
    if marks is None:
        return Skipped(recording.path, sha256, "has no speech in it")
    return Clip(
        id=recording.id,
        path=recording.path,
        sha256=sha256,
        rate_hz=sound.rate_hz,
        channels=sound.channels,
        duration_s=len(sound.samples) / sound.rate_hz,
        speech_start_s=marks.start_s,
        speech_end_s=marks.end_s,
        end_source=marks.end_source,
        end_uncertainty_ms=marks.end_uncertainty_ms,
        transcript=recording.transcript,
        speaker=recording.speaker,
        language=recording.language,
        licence=recording.licence,
    )


def _tell(progress: Progress, skipped: list[Skipped]) -> None:
    """Name what was left out, a long list in part."""
    for entry in skipped[:_NAMED_ONE_BY_ONE]:
        progress.step(f"skipped {printable(entry.path)}: {entry.skipped}")
    if (rest := len(skipped) - _NAMED_ONE_BY_ONE) > 0:
        progress.step(f"skipped {rest} more files that cannot be used")
