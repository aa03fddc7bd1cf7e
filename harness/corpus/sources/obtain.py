"""A corpus by name: from the cache, else from where it is kept, else the next best one."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness.corpus.catalogue import describe, digest, tell_skipped
from harness.corpus.channels import tell_other_voices
from harness.corpus.encoding.atomic_folder import fill_folder
from harness.corpus.formats.plain import read_folder
from harness.corpus.formats.reading import Reading
from harness.corpus.manifest import Entry, Skipped, load_manifest
from harness.corpus.recording import Recording
from harness.corpus.sources.named_corpora import KNOWN_CORPORA, KnownCorpus
from harness.corpus.sources.origin_note import Unavailable, read_source
from harness.errors import BadInput, sanitised
from harness.model import Clip, CorpusFacts, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Recorded speech, ready to be read.

    Attributes:
        facts: What a report must say about it.
        folder: Where the clips' paths begin.
        clips: At least one.
        parts: The corpora that it is pooled from, by the names they were asked for.
    """

    facts: CorpusFacts
    folder: Path
    clips: tuple[Clip, ...]
    parts: Mapping[str, "Corpus"] = field(default_factory=dict)


def obtain_corpus(
    name: str | None,
    cache: Path,
    progress: Progress,
    *,
    processes: int = 1,
    channel: int | None = None,
) -> Corpus:
    """Return a corpus with the speech in every clip marked.

    Args:
        name: A known corpus, a manifest, a folder of audio files, or `None` for the first known
            corpus that is available.
        cache: The user's cache folder; need not exist. A folder of the user's is only read.
        progress: Receives what is being done and what had to be left out.
        processes: How many mark the speech of new clips.
        channel: The channel to use, from 0, of the user's own recordings; `None` for the first, or
            for the one that a manifest names.

    Raises:
        BadInput: The name means nothing, the corpus is not available, or there is no speech in it.
    """
    try:
        if channel and (name is None or name in {known.name for known in KNOWN_CORPORA}):
            raise BadInput(
                f"has one channel, none of them number {channel}",
                where=f"corpus {name or 'default'}",
            )
        if name is None:
            return _default(cache, progress, processes)
        for known in KNOWN_CORPORA:
            if known.name == name:
                return _obtain(known, cache, progress, processes)
        if name.endswith(".jsonl") and Path(name).is_file():
            return _from_manifest(Path(name), cache, progress, processes, channel)
        return _from_folder(name, cache, progress, processes, channel)
    except Unavailable as reason:
        hint = "Try another corpus: harness corpus list"
        raise BadInput(f"not available: {reason}", where=f"corpus {name}", hint=hint) from reason
    except OSError as error:
        raise BadInput(
            f"files cannot be read or written: {error.strerror or error}",
            where=f"corpus {name or 'default'}",
            hint="Check the folder and the free space, or set HARNESS_CACHE to another cache",
        ) from error


def _default(cache: Path, progress: Progress, processes: int) -> Corpus:
    """Return the first known corpus available; say why the earlier ones were not."""
    *others, last = [known for known in KNOWN_CORPORA if known.default]
    for known in others:
        try:
            return _obtain(known, cache, progress, processes)
        except Unavailable as reason:
            progress.step(f"corpus {known.name} is not available ({sanitised(reason)})")
    progress.step(f"falling back to corpus {last.name}: these clips are generated, not recorded")
    return _obtain(last, cache, progress, processes)


def _obtain(known: KnownCorpus, cache: Path, progress: Progress, processes: int) -> Corpus:
    """Return a known corpus, filled on first use."""
    folder = known.folder(cache)
    if not folder.is_dir():
        fill_folder(folder, lambda filled: known.fill(filled, progress))
    try:
        recordings, source = known.recordings(folder), read_source(folder)
    except OSError:
        # A file of ours is gone from the cache.
        recordings, source = [], ""
    clips = describe(
        folder, recordings, _manifest(cache, folder.name), progress, processes=processes
    )
    if not clips:
        raise BadInput(
            "nothing readable is left of it",
            where=f"corpus {known.name}",
            hint=f"Delete the folder corpora/{folder.name} in the cache and start again",
        )
    return _corpus(known.name, folder, clips, source, known.licence, synthetic=known.synthetic)


def _from_folder(
    name: str, cache: Path, progress: Progress, processes: int, channel: int | None
) -> Corpus:
    """Return the audio files of a user's folder; what is found out goes into the cache."""
    folder = Path(name)
    if name.endswith(".jsonl") and not folder.exists():
        raise BadInput("there is no such manifest", where=name)
    if not name or not folder.is_dir():
        known = ", ".join(known.name for known in KNOWN_CORPORA)
        raise BadInput(
            "is a file, not a folder" if folder.is_file() else "neither a corpus nor a folder",
            where=name or "corpus",
            hint=f"Known corpora: {known}; any folder of audio files or a manifest will do too",
        )
    # A folder that may not be listed must not pass for one without audio.
    next(folder.iterdir(), None)
    reading = Reading(folder, channel)
    recordings = read_folder(reading, folder)
    for refusal in reading.refused:
        progress.step(f"not used: {refusal}")
    if not recordings:
        raise BadInput(
            "no audio files in this folder", where=name, hint="WAV, FLAC, Ogg and MP3 can be read"
        )
    key = _key(folder)
    clips = describe(
        folder, recordings, _manifest(cache, f"user-{key}"), progress, processes=processes
    )
    if not clips:
        raise BadInput(
            f"none of its {len(recordings)} audio files is readable speech",
            where=name,
            hint="See why above, or name another folder",
        )
    title = sanitised(folder.resolve().name) or "folder"
    return _corpus(title, folder, clips, f"folder {title}", "not stated", synthetic=False)


def _from_manifest(
    path: Path, cache: Path, progress: Progress, processes: int, channel: int | None
) -> Corpus:
    """Return the clips of a manifest whose files are as it says; mark what it leaves unmarked."""
    folder, entries = load_manifest(path)
    if channel is not None:
        entries = _on_channel(entries, channel, progress)
    unmarked = [entry for entry in entries if isinstance(entry, Recording)]
    known = _manifest(cache, f"user-{_key(path)}")
    marked = describe(folder, unmarked, known, progress, processes=processes) if unmarked else ()
    by_id = {clip.id: clip for clip in marked}
    digests: dict[str, str | None] = {}
    clips: list[Clip] = []
    changed: list[Skipped] = []
    for entry in entries:
        if isinstance(entry, Skipped):
            continue
        if isinstance(entry, Recording):
            clips += [by_id[entry.id]] if entry.id in by_id else []
            continue
        if entry.path not in digests:
            digests[entry.path] = digest(folder / entry.path)
        if digests[entry.path] == entry.sha256:
            clips.append(entry)
        else:
            changed.append(Skipped(entry.path, "", "is not the file the manifest describes"))
    tell_skipped(progress, changed)
    tell_other_voices(progress, clips)
    if not clips:
        hint = "harness corpus validate says what does not fit"
        raise BadInput("none of its clips can be used", where=sanitised(path.name), hint=hint)
    # `transform` calls every manifest so; it is the folder that tells them apart.
    title = sanitised(path.resolve().parent.name if path.name == "manifest.jsonl" else path.stem)
    licence = ", ".join(sorted({clip.licence or "not stated" for clip in clips}))
    synthetic = all(clip.end_uncertainty_ms == 0 for clip in clips)
    return _corpus(
        title, folder, tuple(clips), f"manifest {title}", sanitised(licence), synthetic=synthetic
    )


def _on_channel(entries: list[Entry], channel: int, progress: Progress) -> list[Entry]:
    """Return the entries of a manifest that are on the chosen channel; name the others."""
    why = f"is not on the chosen channel {channel}"
    left = [entry for entry in entries if entry.channel != channel]
    tell_skipped(progress, [Skipped(entry.path, "", why) for entry in left])
    return [entry for entry in entries if entry.channel == channel]


def _key(path: Path) -> str:
    """Return a name for what the cache keeps about a path of the user's."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def _manifest(cache: Path, key: str) -> Path:
    return cache / "corpora" / "manifests" / key / "manifest.jsonl"


def _corpus(
    name: str, folder: Path, clips: tuple[Clip, ...], source: str, licence: str, *, synthetic: bool
) -> Corpus:
    """Sum up what a report must say."""
    facts = CorpusFacts(
        name=name,
        synthetic=synthetic,
        clips=len(clips),
        digest=_digest(clips),
        licence=licence,
        source=source,
        end_source=", ".join(sorted({clip.end_source for clip in clips})),
        end_uncertainty_ms=max(clip.end_uncertainty_ms for clip in clips),
    )
    return Corpus(facts=facts, folder=folder, clips=clips)


def _digest(clips: tuple[Clip, ...]) -> str:
    """Return one digest of what is said and where it ends, whatever the order of the files."""
    rows = sorted((clip.id, clip.sha256, clip.speech_start_s, clip.speech_end_s) for clip in clips)
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
