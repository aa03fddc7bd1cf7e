"""A Kaldi data directory: `wav.scp`, and perhaps `segments`, `text`, `utt2spk` and others.

`wav.scp` may hold shell commands that end in a pipe. They are refused, never run.
"""

import re
from math import isfinite
from pathlib import Path

from harness.corpus.formats.reading import Reading, channel_number, lines, named
from harness.corpus.recording import Recording
from harness.errors import sanitised

# A place in an archive of features or audio: `FILE.ark:OFFSET`.
_IN_ARCHIVE = re.compile(r"\.ark(:\d+)?$")
# Recording, start and length in seconds; without a length to its end.
_Cut = tuple[str, float, float | None]


def lists(folder: Path) -> list[Path]:
    """Return the list of files, where there is one."""
    return [path for path in [folder / "wav.scp"] if path.is_file()]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return one recording a segment, or a file where there are no segments."""
    folder = path.parent if path.is_file() else path
    files = _files(reading, folder)
    said, speaker, language = (
        _map(folder / name, reading) for name in ("text", "utt2spk", "utt2lang")
    )
    segments = folder / "segments"
    whole: dict[str, _Cut] = {name: (name, 0.0, None) for name in files}
    cuts = _segments(reading, segments) if segments.is_file() else whole
    sides = _channels(reading, folder / "reco2file_and_channel")
    taken: set[str] = set()
    found: list[Recording] = []
    for name, (recording, start_s, length_s) in cuts.items():
        if recording not in files:
            reading.refuse(name, f"its recording {sanitised(recording)} is not known here")
            continue
        if sides.get(recording, 0) is None:
            continue
        channel = reading.channel_of(name, sides.get(recording))
        if channel is None:
            continue
        found.append(
            Recording(
                id=named(name, taken),
                path=files[recording],
                offset_s=start_s,
                length_s=length_s,
                channel=channel,
                transcript=sanitised(said.get(name, "")),
                speaker=sanitised(speaker.get(name, "")),
                language=sanitised(language.get(name, "")),
            )
        )
    return found


def _files(reading: Reading, folder: Path) -> dict[str, str]:
    """Return the file of every recording id."""
    found: dict[str, str] = {}
    for name, source in _map(folder / "wav.scp", reading).items():
        if source.endswith("|") or source.startswith("|"):
            reading.refuse(name, "is a shell command; it is not run")
        elif _IN_ARCHIVE.search(source):
            reading.refuse(name, "lies in an archive of Kaldi's, which is not read")
        elif (file := reading.file(source, folder)) is not None:
            found[name] = file
    return found


def _segments(reading: Reading, path: Path) -> dict[str, _Cut]:
    """Return recording, start and length of each utterance; an end of -1 is the file's end."""
    found: dict[str, _Cut] = {}
    for name, rest in _map(path, reading).items():
        try:
            recording, start, end, *_ = rest.split()
            start_s, end_s = float(start), float(end)
            if not isfinite(start_s + end_s):
                raise ValueError(rest)
        except ValueError:
            reading.refuse(name, f"is not `recording start end` in {path.name}")
            continue
        found[name] = (recording, start_s, None if end_s < 0 else round(end_s - start_s, 6))
    return found


def _channels(reading: Reading, path: Path) -> dict[str, int | None]:
    """Return the channel of every recording id that has one: `recording file A|B`.

    `None` where it is not understood and the user chose none.
    """
    found: dict[str, int | None] = {}
    for name, rest in _map(path, reading).items():
        if letter := rest.split()[-1:]:
            found[name] = channel_number(letter[0])
            if found[name] is None and reading.channel is None:
                reading.refuse(name, f"is on channel {sanitised(letter[0])}; --channel chooses one")
            elif found[name] is None:
                del found[name]
    return found


def _map(path: Path, reading: Reading) -> dict[str, str]:
    """Return the lines `key value...` of a file, none when it is not there.

    Of lines with one key the first counts, and others that differ are left out by name.
    """
    found: dict[str, str] = {}
    for _, line in lines(path) if path.is_file() else ():
        key, *rest = line.split(None, 1)
        value = "".join(rest).strip()
        if found.setdefault(key, value) != value:
            reading.refuse(key, f"is twice in {path.name}; the first is read")
    return found
