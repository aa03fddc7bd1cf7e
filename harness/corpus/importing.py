"""A collection made into a manifest: read, checked and annotated."""

from dataclasses import dataclass, replace
from pathlib import Path

from harness.corpus.catalogue import file_digests, tell_skipped
from harness.corpus.channels import tell_other_voices
from harness.corpus.formats import FORMATS, Format, recognise
from harness.corpus.formats.reading import Reading
from harness.corpus.manifest import Entry, Skipped, load_manifest, write_manifest
from harness.corpus.marks.annotate import doubtful
from harness.corpus.marks.examine import examine
from harness.corpus.recording import Recording
from harness.errors import BadInput, sanitised
from harness.model import Clip, Progress

_NAMED_ONE_BY_ONE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import.

    Attributes:
        format: The format it was read as.
        clips: Clips with marks.
        unmarked: Recordings without, as was asked for.
        left_out: What could not be used, with the reason.
        doubtful: Clips on whose end two methods disagree.
    """

    format: str
    clips: int
    unmarked: int
    left_out: tuple[str, ...]
    doubtful: tuple[Clip, ...]


def import_corpus(
    path: Path,
    out: Path,
    progress: Progress,
    *,
    format_name: str | None = None,
    annotated: bool = True,
    strict: bool = False,
    processes: int = 1,
    root: Path | None = None,
    channel: int | None = None,
) -> Imported:
    """Read a collection and write its manifest.

    Args:
        path: A folder, or a list in the folder of its recordings.
        out: The manifest to write.
        progress: Receives what is done and what is left out.
        format_name: A name of `FORMATS`; recognised when `None`.
        annotated: Whether to mark the speech now rather than when the corpus is used.
        strict: Whether anything that cannot be used makes the whole import fail.
        processes: How many mark speech.
        root: The folder that paths must stay in, where it is not the list's own.
        channel: The channel to use, from 0, of recordings whose list names none; a list that names
            channels is read for this one alone. `None`: the list's, else the first.

    Raises:
        BadInput: There is nothing to import, a list is damaged, or `strict` and something is.
    """
    form = _format(path, format_name)
    if root is not None and not root.is_dir():
        raise BadInput("is no folder", where=f"--root {sanitised(root)}")
    reading = Reading(root or (path if path.is_dir() else path.parent), channel)
    progress.step(f"reading {sanitised(path.name)} as {form.name}")
    recordings = form.read(reading, path)
    for refusal in reading.refused[:_NAMED_ONE_BY_ONE]:
        progress.step(f"left out {refusal}")
    if (rest := len(reading.refused) - _NAMED_ONE_BY_ONE) > 0:
        progress.step(f"left out {rest} more")
    entries = _marked(reading.folder, recordings, progress, annotated, processes)
    skipped = [entry for entry in entries if isinstance(entry, Skipped)]
    tell_skipped(progress, skipped)
    left_out = (*reading.refused, *(f"{entry.path}: {entry.skipped}" for entry in skipped))
    if strict and left_out:
        raise BadInput(f"{len(left_out)} could not be used, first {left_out[0]}", where=path.name)
    if len(skipped) == len(entries):
        why = f"nothing in it can be used: {left_out[0]}" if left_out else "holds no recordings"
        raise BadInput(f"{why} (read as {form.name})", where=sanitised(path.name))
    write_manifest(out, entries, reading.folder)
    clips = [entry for entry in entries if isinstance(entry, Clip)]
    tell_other_voices(progress, clips)
    return Imported(
        format=form.name,
        clips=len(clips),
        unmarked=sum(isinstance(entry, Recording) for entry in entries),
        left_out=left_out,
        doubtful=tuple(clip for clip in clips if doubtful(clip.speech_end_s, clip.second_end_s)),
    )


def annotate_manifest(
    path: Path, progress: Progress, *, processes: int = 1
) -> tuple[Path, list[Entry]]:
    """Mark what a manifest leaves unmarked, write it back, and return its folder and entries.

    Raises:
        BadInput: It is no such manifest.
    """
    folder, entries = load_manifest(path)
    unmarked = [entry for entry in entries if isinstance(entry, Recording)]
    if not unmarked:
        return folder, entries
    marked = iter(_marked(folder, unmarked, progress, True, processes))
    entries = [next(marked) if isinstance(entry, Recording) else entry for entry in entries]
    tell_skipped(progress, [entry for entry in entries if isinstance(entry, Skipped)])
    write_manifest(path, entries, folder)
    return folder, entries


def _marked(
    folder: Path, recordings: list[Recording], progress: Progress, annotated: bool, processes: int
) -> list[Entry]:
    """Return clips where marks are known or wanted, recordings otherwise, in order."""
    digests = file_digests(folder, recordings, progress)
    found: list[Entry] = []
    slots: list[int] = []
    tasks = []
    for recording in recordings:
        sha256 = digests[recording.path]
        if sha256 is None:
            why = "cannot be opened or is too large"
            found.append(Skipped(recording.path, "", why, *recording.place[1:]))
        elif annotated or recording.marks is not None:
            slots.append(len(found))
            tasks.append((folder, recording, sha256))
            found.append(recording)
        else:
            found.append(replace(recording))
    progress.step("reading recordings and marking their speech", "clips")
    for done, (slot, entry) in enumerate(zip(slots, examine(tasks, processes), strict=True), 1):
        found[slot] = entry
        progress.advance(done, len(tasks))
    return found


def _format(path: Path, name: str | None) -> Format:
    """Return the format asked for, or the one recognised."""
    if not path.exists():
        raise BadInput("neither a folder nor a file", where=sanitised(path.name))
    if name is None:
        return recognise(path)
    for form in FORMATS:
        if form.name == name:
            return form
    known = ", ".join(form.name for form in FORMATS)
    raise BadInput(f"no such format: {name}", where="--format", hint=f"There are {known}")
