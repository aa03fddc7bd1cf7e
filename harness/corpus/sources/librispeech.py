"""LibriSpeech: read English sentences of many speakers, 16 kHz, from its official addresses."""

from dataclasses import dataclass, replace
from pathlib import Path

from harness.corpus.formats import librispeech
from harness.corpus.formats.reading import Reading
from harness.corpus.recording import Recording
from harness.corpus.sound import Unreadable, duration_s
from harness.corpus.sources.download import Archive, download
from harness.corpus.sources.origin_note import Unavailable, write_source
from harness.corpus.sources.partial import partials_beside
from harness.corpus.sources.unpack import unpack
from harness.model import Progress

LICENCE = "CC BY 4.0"
MINI = "mini-librispeech"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of LibriSpeech that is available by name.

    Attributes:
        name: What a person types.
        about: One line for a person.
        size: How much is downloaded, in words.
        archive: Where it is.
        per_speaker: Sentences kept of each speaker.
    """

    name: str
    about: str
    size: str
    archive: Archive
    per_speaker: int = 10


def _part(name: str, size: str, md5: str, sha256: str = "") -> Part:
    """Return a part of SLR12."""
    return Part(
        name=f"librispeech-{name}",
        about="read English sentences, ten of each of some 35 speakers, 16 kHz",
        size=size,
        archive=Archive(
            address=f"https://www.openslr.org/resources/12/{name}.tar.gz",
            md5=md5,
            sha256=sha256,
            most_bytes=400_000_000,
            most_unpacked_bytes=1_000_000_000,
        ),
    )


# Sizes and digests as public download scripts state them; a file that differs is refused.
PARTS = {
    part.name: part
    for part in (
        Part(
            name=MINI,
            about="read English sentences, two of each speaker, 16 kHz",
            size="126 MB",
            archive=Archive(
                address="https://www.openslr.org/resources/31/dev-clean-2.tar.gz",
                sha256="176ec501490eced2d6c1f89f4f0ddc7dfe799e649e5322f8ba49fe3ff50c8012",
                md5="6d7ab67ac6a1d2c993d050e16d61080d",
                most_bytes=200_000_000,
                most_unpacked_bytes=600_000_000,
            ),
            per_speaker=2,
        ),
        _part(
            "dev-clean",
            "338 MB",
            "42e2234ba48799c1f50f24a7926300a1",
            "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3",
        ),
        _part("test-clean", "346 MB", "32fa31d27d2e1cad72775fee3f4849a9"),
        _part("test-other", "328 MB", "fb5a50374b501bb3bac4815ee91d3135"),
    )
}
_SHORTEST_S, _LONGEST_S = 2.0, 8.0


def fill(name: str, folder: Path, progress: Progress) -> None:
    """Put a part, as its authors laid it out, into `folder`.

    Raises:
        Unavailable: It cannot be had, or what came is not LibriSpeech.
    """
    part = PARTS[name]
    file = folder.with_suffix(".tar.gz")
    progress.step(f"downloading {name} ({part.size})")
    download(part.archive, file, progress, kept=partials_beside(folder.parent))
    progress.step(f"unpacking {name}")
    unpack(part.archive, file, folder, progress)
    if not _sentences(folder):
        raise Unavailable(f"the archive at {part.archive.address} holds no LibriSpeech tree")
    write_source(folder, f"{name}, {part.archive.address}")


def recordings(folder: Path, per_speaker: int) -> list[Recording]:
    """Return the shortest sentences of each speaker that are long enough to be a turn.

    Equally many of each make every voice count alike and keep annotation short.
    """
    chosen: list[Recording] = []
    by_speaker: dict[str, list[tuple[float, Recording]]] = {}
    for sentence in _sentences(folder):
        try:
            length_s = duration_s(folder / sentence.path)
        except Unreadable:
            continue
        if _SHORTEST_S <= length_s <= _LONGEST_S:
            by_speaker.setdefault(sentence.speaker, []).append((length_s, sentence))
    for _, sentences in sorted(by_speaker.items()):
        sentences.sort(key=lambda pair: (pair[0], pair[1].id))
        chosen += [sentence for _, sentence in sentences[:per_speaker]]
    return chosen


def _sentences(folder: Path) -> list[Recording]:
    """Return every sentence that has both a transcript and a file."""
    found = librispeech.read(Reading(folder), folder)
    return [replace(sentence, licence=LICENCE) for sentence in found]
