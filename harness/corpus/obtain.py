"""A corpus by name: from the cache, else from where it is kept, else the next best one."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.corpus import asterisk, librispeech, synthetic
from harness.corpus.catalogue import Recording, describe, plain_recordings
from harness.corpus.source import Unavailable, read_source
from harness.errors import BadInput, printable
from harness.model import Clip, CorpusFacts, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCorpus:
    """A corpus that can be had by name.

    Attributes:
        name: What a person types.
        about: One line for a person.
        size: How much is downloaded, in words.
        licence: Terms of the recordings.
        synthetic: True when nobody ever said it.
        fill: Puts the files into an empty folder; raises `Unavailable`.
        recordings: Lists the files of a filled folder.
        edition: Counted up when other files are wanted than an older cache holds.
    """

    name: str
    about: str
    size: str
    licence: str
    synthetic: bool
    fill: Callable[[Path, Progress], None]
    recordings: Callable[[Path], list[Recording]]
    edition: int = 1

    def folder(self, cache: Path) -> Path:
        """Return where its files are kept."""
        return cache / "corpora" / f"{self.name}-{self.edition}"

    def cached(self, cache: Path) -> bool:
        """Tell whether it is there already."""
        return self.folder(cache).is_dir()


# In the order in which the default is looked for.
KNOWN_CORPORA = (
    KnownCorpus(
        name="asterisk-en",
        about="60 telephone prompts, one US English studio voice, 8 kHz",
        size="32 MB",
        licence=asterisk.LICENCE,
        synthetic=False,
        fill=asterisk.fill,
        recordings=asterisk.recordings,
    ),
    KnownCorpus(
        name="mini-librispeech",
        about="read English sentences, two of each speaker, 16 kHz",
        size="126 MB",
        licence=librispeech.LICENCE,
        synthetic=False,
        fill=librispeech.fill,
        recordings=librispeech.recordings,
    ),
    KnownCorpus(
        name="synthetic",
        about="24 generated clips with exact speech ends, 24 kHz",
        size="nothing",
        licence=synthetic.LICENCE,
        synthetic=True,
        fill=synthetic.fill,
        recordings=synthetic.recordings,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Recorded speech, ready to be read.

    Attributes:
        facts: What a report must say about it.
        folder: Where the clips' paths begin.
        clips: At least one.
    """

    facts: CorpusFacts
    folder: Path
    clips: tuple[Clip, ...]


def obtain_corpus(name: str | None, cache: Path, progress: Progress) -> Corpus:
    """Return a corpus with the speech in every clip marked.

    Args:
        name: A known corpus, a folder of audio files, or `None` for the first known corpus that is
            to be had.
        cache: The user's cache folder; need not exist. A folder of the user's is only read.
        progress: Told what is being done and what had to be left out.

    Raises:
        BadInput: The name means nothing, the corpus is not to be had, or there is no speech in it.
    """
    try:
        if name is None:
            return _default(cache, progress)
        for known in KNOWN_CORPORA:
            if known.name == name:
                return _obtain(known, cache, progress)
        return _from_folder(name, cache, progress)
    except Unavailable as reason:
        mend = "Try another corpus: harness corpus list"
        raise BadInput(f"not to be had: {reason}", where=f"corpus {name}", mend=mend) from reason
    except OSError as error:
        raise BadInput(
            f"files cannot be read or written: {error.strerror or error}",
            where=f"corpus {name or 'default'}",
            mend="Check the folder and the free space, or set HARNESS_CACHE to another cache",
        ) from error


def _default(cache: Path, progress: Progress) -> Corpus:
    """Return the first known corpus to be had; say why the earlier ones were not."""
    *others, last = KNOWN_CORPORA
    for known in others:
        try:
            return _obtain(known, cache, progress)
        except Unavailable as reason:
            progress.step(f"corpus {known.name} is not to be had ({printable(reason)})")
    progress.step(f"falling back to corpus {last.name}: nobody ever said these clips")
    return _obtain(last, cache, progress)


def _obtain(known: KnownCorpus, cache: Path, progress: Progress) -> Corpus:
    """Return a known corpus, filled on first use."""
    folder = known.folder(cache)
    if not folder.is_dir():
        _fill(known, folder, progress)
    try:
        recordings, source = known.recordings(folder), read_source(folder)
    except OSError:
        # A file of ours is gone from the cache.
        recordings, source = [], ""
    clips = describe(folder, recordings, _manifest(cache, folder.name), progress)
    if not clips:
        raise BadInput(
            "nothing readable is left of it",
            where=f"corpus {known.name}",
            mend=f"Delete the folder corpora/{folder.name} in the cache and start again",
        )
    return _corpus(known.name, folder, clips, source, known.licence, synthetic=known.synthetic)


def _fill(known: KnownCorpus, folder: Path, progress: Progress) -> None:
    """Fill a scratch folder and move it into place, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".filling-") as scratch:
        filled = Path(scratch, known.name)
        filled.mkdir()
        known.fill(filled, progress)
        try:
            os.replace(filled, folder)
        except OSError:
            # Another process was quicker: its copy is as good.
            if not folder.is_dir():
                raise


def _from_folder(name: str, cache: Path, progress: Progress) -> Corpus:
    """Return the audio files of a user's folder; what is found out goes into the cache."""
    folder = Path(name)
    if not name or not folder.is_dir():
        known = ", ".join(known.name for known in KNOWN_CORPORA)
        raise BadInput(
            "is a file, not a folder" if folder.is_file() else "neither a corpus nor a folder",
            where=name or "corpus",
            mend=f"Known corpora: {known}; any folder of audio files will do too",
        )
    # A folder that may not be listed must not pass for one without audio.
    next(folder.iterdir(), None)
    recordings = plain_recordings(folder, progress)
    if not recordings:
        raise BadInput(
            "no audio files in this folder", where=name, mend="WAV, FLAC, Ogg and MP3 can be read"
        )
    key = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    clips = describe(folder, recordings, _manifest(cache, f"user-{key}"), progress)
    if not clips:
        raise BadInput(
            f"none of its {len(recordings)} audio files is readable speech",
            where=name,
            mend="See why above, or name another folder",
        )
    title = printable(folder.resolve().name) or "folder"
    return _corpus(title, folder, clips, f"folder {title}", "not stated", synthetic=False)


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
