"""Which corpora are available by name, and from where."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.corpus.recording import Recording
from harness.corpus.sources import asterisk, espeak, harper_valley, librispeech, synthetic
from harness.model import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCorpus:
    """A corpus that is available by name.

    Attributes:
        name: What a person types.
        about: One line for a person.
        size: How much is downloaded, in words.
        licence: Terms of the recordings.
        synthetic: Whether it is generated rather than recorded.
        fill: Puts the files into an empty folder; raises `Unavailable`.
        recordings: Lists the files of a filled folder.
        address: Where it comes from, for a person.
        default: Whether it is tried when no corpus is named.
        edition: Incremented when other files are needed than an older cache holds.
    """

    name: str
    about: str
    size: str
    licence: str
    synthetic: bool
    fill: Callable[[Path, Progress], None]
    recordings: Callable[[Path], list[Recording]]
    address: str = ""
    default: bool = False
    edition: int = 1

    def folder(self, cache: Path) -> Path:
        """Return where its files are kept."""
        return cache / "corpora" / f"{self.name}-{self.edition}"

    def cached(self, cache: Path) -> bool:
        """Whether it is in the cache already."""
        return self.folder(cache).is_dir()


def _asterisk(voice: asterisk.Voice, about: str, *, default: bool = False) -> KnownCorpus:
    return KnownCorpus(
        name=f"asterisk-{voice.package}",
        about=about,
        size="32 MB",
        licence=voice.licence,
        synthetic=False,
        fill=partial(asterisk.fill, voice),
        recordings=partial(asterisk.recordings, voice),
        address=f"Debian package {voice.audio_package}",
        default=default,
    )


def _librispeech(part: librispeech.Part) -> KnownCorpus:
    return KnownCorpus(
        name=part.name,
        about=part.about,
        size=part.size,
        licence=librispeech.LICENCE,
        synthetic=False,
        fill=partial(librispeech.fill, part.name),
        recordings=partial(librispeech.recordings, per_speaker=part.per_speaker),
        address=part.archive.address,
        default=part.name == librispeech.MINI,
    )


# The default is the first of those tried for it that is available; the last always is.
KNOWN_CORPORA = (
    _asterisk(asterisk.ENGLISH, "60 telephone prompts, one US English voice, 8 kHz", default=True),
    *(_librispeech(part) for part in librispeech.PARTS.values()),
    *(
        _asterisk(voice, f"the same in {voice.tongue}, one studio voice")
        for voice in asterisk.OTHERS
    ),
    KnownCorpus(
        name="harper-valley",
        about="callers of a bank, 600 turns of real dialogues, 8 kHz",
        size="0.69 GB",
        licence=harper_valley.LICENCE,
        synthetic=False,
        fill=harper_valley.fill,
        recordings=harper_valley.recordings,
        address=f"{harper_valley.ADDRESS} at {harper_valley.COMMIT[:12]}",
    ),
    KnownCorpus(
        name="espeak",
        about="24 sentences by eSpeak NG, where it is installed, with exact speech ends",
        size="nothing",
        licence=espeak.LICENCE,
        synthetic=True,
        fill=espeak.fill,
        recordings=espeak.recordings,
        address="eSpeak NG on this machine",
    ),
    KnownCorpus(
        name="synthetic",
        about="24 generated clips with exact speech ends, 24 kHz",
        size="nothing",
        licence=synthetic.LICENCE,
        synthetic=True,
        fill=synthetic.fill,
        recordings=synthetic.recordings,
        address="generated here",
        default=True,
    ),
)
