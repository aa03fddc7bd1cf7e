"""Which formats there are, and which one a folder is in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.formats import (
    audiofolder,
    common_voice,
    harper_valley,
    kaldi,
    lhotse,
    librispeech,
    nemo,
    plain,
)
from harness.corpus.formats.reading import Reading
from harness.corpus.recording import Recording


@dataclass(frozen=True, slots=True)
class Format:
    """A way to describe recorded speech.

    Attributes:
        name: What a person types.
        about: One line for a person.
        lists: Returns the lists of this format in a folder; none, and it is not this format.
        read: Returns the recordings of a folder or of one list.
    """

    name: str
    about: str
    lists: Callable[[Path], list[Path]]
    read: Callable[[Reading, Path], list[Recording]]


# In the order in which they are recognised: the most particular first, a plain folder last.
FORMATS = (
    Format(
        "harper-valley",
        "bank calls, data/transcript and data/audio",
        harper_valley.lists,
        harper_valley.read,
    ),
    Format("kaldi", "data directory with wav.scp", kaldi.lists, kaldi.read),
    Format("lhotse", "cuts, supervisions, recordings as JSON Lines", lhotse.lists, lhotse.read),
    Format("librispeech", "tree of *.trans.txt and FLAC", librispeech.lists, librispeech.read),
    Format("common-voice", "TSV tables and clips/", common_voice.lists, common_voice.read),
    Format("audiofolder", "metadata.csv or metadata.jsonl", audiofolder.lists, audiofolder.read),
    Format("nemo", "JSON Lines with audio_filepath", nemo.lists, nemo.read),
    Format("folder", "audio files, TextGrid, CTM and text beside them", plain.lists, plain.read),
)


def recognise(path: Path) -> Format:
    """Return the format of a folder or a list."""
    if not path.is_file():
        return next(form for form in FORMATS if form.lists(path))
    beside = [form for form in FORMATS[:-1] if path in form.lists(path.parent)]
    if beside:
        return beside[0]
    by_name = {form.name: form for form in FORMATS}
    return by_name[next((name for name, is_one in _BY_CONTENT if is_one(path)), "audiofolder")]


# Lists with a name of their own, or beside a better one of the same format.
_BY_CONTENT = (
    ("common-voice", common_voice.is_one),
    ("nemo", nemo.is_one),
    ("lhotse", lhotse.is_one),
)
