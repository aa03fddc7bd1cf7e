"""Sound to degrade speech with, from its official addresses: noise and rooms, not speech."""

from dataclasses import dataclass
from pathlib import Path

from harness.corpus.encoding.atomic_folder import fill_folder
from harness.corpus.sources.download import Archive, download
from harness.corpus.sources.origin_note import Unavailable, write_source
from harness.corpus.sources.partial import partials_beside
from harness.corpus.sources.unpack import unpack
from harness.errors import BadInput
from harness.model import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNoise:
    """A collection that is available by name for `noise:SNR:FOLDER` or `reverb:FOLDER`.

    Attributes:
        name: What a person types.
        about: One line for a person.
        size: How much is downloaded, in words.
        licence: Terms of the recordings.
        archive: Where it is.
    """

    name: str
    about: str
    size: str
    licence: str
    archive: Archive

    def folder(self, cache: Path) -> Path:
        """Return where its files are kept."""
        return cache / "noises" / self.name


# Sizes and MD5 sums as public download scripts state them.
KNOWN_NOISES = (
    KnownNoise(
        name="musan",
        about="music, speech and noise; noise/ for noise:SNR:FOLDER",
        size="11.1 GB",
        licence="per folder, public domain and CC",
        archive=Archive(
            address="https://www.openslr.org/resources/17/musan.tar.gz",
            md5="0c472d4fc0c5141eca47ad1ffeb2a7df",
            most_bytes=11_200_000_000,
            most_unpacked_bytes=14_000_000_000,
        ),
    ),
    KnownNoise(
        name="rirs",
        about="impulse responses of rooms, real and simulated, for reverb:FOLDER",
        size="1.3 GB",
        licence="Apache-2.0 (not verified)",
        archive=Archive(
            address="https://www.openslr.org/resources/28/rirs_noises.zip",
            md5="e6f48e257286e05de56413b4779d8ffb",
            most_bytes=1_400_000_000,
            most_unpacked_bytes=6_000_000_000,
            most_members=200_000,
        ),
    ),
)


def obtain_noise(known: KnownNoise, cache: Path, progress: Progress) -> Path:
    """Return the folder of a collection, fetched on first use.

    Raises:
        BadInput: It is not available, or what came is not it.
    """
    folder = known.folder(cache)

    def fill(into: Path) -> None:
        file = into.with_suffix(".archive")
        progress.step(f"downloading {known.name} ({known.size})")
        download(known.archive, file, progress, kept=partials_beside(into.parent))
        progress.step(f"unpacking {known.name}")
        unpack(known.archive, file, into, progress)
        write_source(into, known.archive.address)

    if not folder.is_dir():
        try:
            fill_folder(folder, fill)
        except Unavailable as reason:
            raise BadInput(f"not available: {reason}", where=known.name) from reason
    return folder
