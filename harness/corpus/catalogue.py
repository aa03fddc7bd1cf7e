"""From audio files to clips: digest every file, mark the speech in those not seen before."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.corpus.channels import tell_other_voices
from harness.corpus.manifest import Place, Skipped, place, read_manifest, write_manifest
from harness.corpus.marks.annotate import ANNOTATOR
from harness.corpus.marks.examine import Task, examine
from harness.corpus.recording import Recording
from harness.corpus.sound import suffixes, why_not_read
from harness.errors import sanitised
from harness.model import Clip, Progress

_LARGEST_BYTES = 512 * 1024 * 1024
_NAMED_ONE_BY_ONE = 10
# Fewer take no noticeable time at the start of a run.
_WORTH_A_STEP = 200


def describe(
    folder: Path,
    recordings: Sequence[Recording],
    manifest: Path,
    progress: Progress,
    *,
    processes: int = 1,
) -> tuple[Clip, ...]:
    """Return the clips of a corpus; what the manifest knows of the same bytes is not done again.

    Args:
        folder: Where the files lie.
        recordings: Which files.
        manifest: Where the findings are kept.
        progress: Receives how far annotation has come, and what was skipped and why.
        processes: How many look at new files.
    """
    known = read_manifest(manifest)
    digests = file_digests(folder, recordings, progress)
    found: dict[Place, Clip | Skipped] = {}
    unseen: list[Task] = []
    for recording in recordings:
        sha256, entry = digests[recording.path], known.get(recording.place)
        if sha256 is None:
            why = "cannot be opened or is too large"
            found[recording.place] = Skipped(recording.path, "", why, *recording.place[1:])
        elif entry is not None and entry.sha256 == sha256 and _as_marked(entry, recording):
            found[recording.place] = _renamed(entry, recording)
        else:
            unseen.append((folder, recording, sha256))
    if unseen:
        progress.step("reading new clips and marking their speech", "clips")
    for done, entry in enumerate(examine(unseen, processes), start=1):
        found[place(entry)] = entry
        progress.advance(done, len(unseen))
    entries = [found[recording.place] for recording in recordings]
    if entries != list(known.values()):
        write_manifest(manifest, entries)
    tell_skipped(progress, [entry for entry in entries if isinstance(entry, Skipped)])
    clips = tuple(entry for entry in entries if isinstance(entry, Clip))
    tell_other_voices(progress, clips)
    return clips


def plain_recordings(folder: Path, leave_out: Callable[[str, str], None]) -> list[Recording]:
    """Return every audio file under `folder` by its ending: sorted, none hidden.

    An id is the path, without its ending where that is the only such one; the number of the file
    where it cannot be shown as it is.

    Args:
        folder: Where to look.
        leave_out: Called with the name and the reason of audio that is not read.
    """
    endings = suffixes()
    paths: list[str] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        name = inside.as_posix()
        if hidden or not (path.is_file() or path.is_symlink()):
            if not (hidden or path.is_dir()) and path.suffix.lower() in endings:
                leave_out(name, "is no file")
            continue
        why = None if path.suffix.lower() in endings else why_not_read(path)
        if path.is_dir():
            leave_out(name, "is a link to a folder, which is not followed")
            continue
        if why is None and not path.exists():
            why = "is a link to a file that is not there"
        if why is None and path.suffix.lower() not in endings:
            continue
        if (shown := name.encode(errors="replace").decode()) != name:
            leave_out(shown, "its name is not UTF-8")
        elif why is not None:
            leave_out(name, why)
        else:
            paths.append(name)
    uses = Counter(_stem(path) for path in paths)
    names = [_stem(path) if uses[_stem(path)] == 1 else path for path in paths]
    return [
        Recording(id=name if name == sanitised(name) else f"#{number}", path=path)
        for number, (name, path) in enumerate(zip(names, paths, strict=True), start=1)
    ]


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, `None` when it cannot or should not be read."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def file_digests(
    folder: Path, recordings: Sequence[Recording], progress: Progress
) -> dict[str, str | None]:
    """Return the digest of every file, however many cuts it has."""
    paths = tuple(dict.fromkeys(recording.path for recording in recordings))
    if len(paths) >= _WORTH_A_STEP:
        progress.step("reading the files", "files")
    found: dict[str, str | None] = {}
    for path in paths:
        found[path] = digest(folder / path)
        if len(paths) >= _WORTH_A_STEP:
            progress.advance(len(found), len(paths))
    return found


def _as_marked(entry: Clip | Skipped, recording: Recording) -> bool:
    """Return whether a remembered finding still has the marks the collection gives today."""
    if isinstance(entry, Skipped):
        return True
    marks = recording.marks
    if marks is None:
        return entry.end_source == ANNOTATOR
    return (entry.end_source, entry.speech_end_s) == (marks.end_source, marks.end_s)


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
        accent=recording.accent,
        conversation=recording.conversation,
        turn=recording.turn,
        tags=recording.tags,
    )


def tell_skipped(progress: Progress, skipped: list[Skipped]) -> None:
    """Name what was left out, a long list in part."""
    for entry in skipped[:_NAMED_ONE_BY_ONE]:
        progress.step(f"skipped {sanitised(entry.path)}: {entry.skipped}")
    if (rest := len(skipped) - _NAMED_ONE_BY_ONE) > 0:
        progress.step(f"skipped {rest} more files that cannot be used")
