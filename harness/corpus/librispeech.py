"""Mini LibriSpeech: read English sentences of many speakers, 16 kHz, from its official address."""

from pathlib import Path

from harness.corpus.catalogue import Recording
from harness.corpus.download import Archive, download, unpack
from harness.corpus.sound import Unreadable, duration_s
from harness.corpus.source import Unavailable, write_source
from harness.errors import printable
from harness.model import Progress

LICENCE = "CC BY 4.0"
# SLR31, development part. Digests as public download scripts state them.
MINI = Archive(
    address="https://www.openslr.org/resources/31/dev-clean-2.tar.gz",
    sha256="176ec501490eced2d6c1f89f4f0ddc7dfe799e649e5322f8ba49fe3ff50c8012",
    md5="6d7ab67ac6a1d2c993d050e16d61080d",
    most_bytes=200_000_000,
    most_unpacked_bytes=600_000_000,
)
# Two sentences of a speaker make every voice count alike and keep annotation to seconds.
_PER_SPEAKER = 2
_SHORTEST_S, _LONGEST_S = 2.0, 8.0


def fill(folder: Path, progress: Progress) -> None:
    """Put the corpus, as its authors laid it out, into `folder`.

    Raises:
        Unavailable: It cannot be had, or what came is not the corpus.
    """
    fill_from(MINI, folder, progress)


def fill_from(archive: Archive, folder: Path, progress: Progress) -> None:
    """As `fill`, from any archive that holds a LibriSpeech tree."""
    file = folder.with_suffix(".tar.gz")
    progress.step("downloading Mini LibriSpeech (126 MB)")
    download(archive, file, progress)
    progress.step("unpacking Mini LibriSpeech")
    unpack(archive, file, folder)
    if not _sentences(folder):
        raise Unavailable(f"the archive at {archive.address} holds no LibriSpeech tree")
    write_source(folder, f"Mini LibriSpeech (SLR31), {archive.address}")


def recordings(folder: Path) -> list[Recording]:
    """Return the shortest sentences of each speaker that are long enough to be a turn."""
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
        chosen += [sentence for _, sentence in sentences[:_PER_SPEAKER]]
    return chosen


def _sentences(folder: Path) -> list[Recording]:
    """Return every sentence that has both a transcript and a file.

    A transcript file lists `SPEAKER-CHAPTER-NUMBER WORDS ...` for the FLAC files beside it.
    """
    found: list[Recording] = []
    for listing in sorted(folder.rglob("*.trans.txt")):
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, words = line.partition(" ")
            file = listing.parent / f"{Path(name).name}.flac"
            if not name or not file.is_file():
                continue
            found.append(
                Recording(
                    id=printable(name),
                    path=file.relative_to(folder).as_posix(),
                    transcript=printable(words.lower()),
                    speaker=printable(name.partition("-")[0]),
                    language="en",
                    licence=LICENCE,
                )
            )
    return found
