"""Audio files in, resampling: the door of soundfile and soxr.

Both are imported when first needed; a simulator with generated speech only starts without them.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.corpus.content import CONVERT, what_it_is
from harness.corpus.opened_audio import open_audio

LONGEST_CLIP_S = 300.0
"""Nothing longer is one utterance."""

_UNKNOWN_FRAMES = 1 << 40
_LOWEST_RATE_HZ = 4_000
_HIGHEST_RATE_HZ = 384_000
_NOT_SELF_DESCRIBING = {"raw"}
# Notes of libsndfile on WAV, AIFF, AU, SVX and Wave64; on RF64; on VOC.
_SHORTER_THAN_PROMISED = re.compile(
    r"^\s*(?:data|SSND|BODY|Data Size|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE
)
_FEWER_THAN_PROMISED = re.compile(r"frame count (\d+) does not match value from 'ds64'.* (\d+)\.")
_CUT_OFF = "Seems to be a truncated file"
_PLACEHOLDER_BYTES = 1 << 30
"""A size as large was written by a program that could not know it."""

_LOUDEST = 8.0
"""Float samples reach 1; peaks of a loud mix are a little above, whole numbers far."""

_NOT_READ = {
    **dict.fromkeys(("m4a", "m4b", "mp4", "mov", "3gp", "aac"), "AAC and MPEG-4"),
    **dict.fromkeys(("webm", "mka", "mkv"), "WebM and Matroska"),
    **dict.fromkeys(("wma", "asf"), "Windows Media"),
    **dict.fromkeys(("amr", "awb"), "AMR"),
    **dict.fromkeys(
        ("raw", "pcm", "sln", "sln16", "gsm", "g722", "g729", "ulaw", "alaw", "ul", "al"),
        "audio without a header, whose rate is in no file,",
    ),
    **dict.fromkeys(("ape", "wv", "tta", "ac3", "ra", "spx", "dss", "amb", "shn"), "this format"),
}
"""Endings of audio that libsndfile has no reader for, and what to call it."""

_ALSO_READ = frozenset({"aif", "aifc", "oga", "opus", "sph", "wave", "bwf", "snd"})
"""Other endings of formats that it has."""


class Unreadable(Exception):
    """This file is not usable speech; the words say why."""


def suffixes() -> frozenset[str]:
    """Return the file name endings, in lower case with the dot, that may hold audio."""
    import soundfile

    formats = {name.lower() for name in soundfile.available_formats()} - _NOT_SELF_DESCRIBING
    return frozenset(f".{name}" for name in formats | _ALSO_READ)


def why_not_read(path: Path) -> str | None:
    """Return why audio of this ending is not read, `None` where the ending promises none such."""
    kind = _NOT_READ.get(path.suffix.lower().removeprefix("."))
    return None if kind is None else f"{kind} {CONVERT}"


@dataclass(frozen=True, eq=False, slots=True)
class Sound:
    """One channel of an audio file as int16, shape (n,), and what the file had."""

    samples: NDArray[np.int16]
    rate_hz: int
    channels: int


def duration_s(path: Path) -> float:
    """Return the length that the file's header promises.

    Raises:
        Unreadable: As `read`.
    """
    about = _header(path)
    return float(_short_enough(about.frames, about.samplerate) / about.samplerate)


def file_length_s(path: Path) -> float:
    """Return the length of a file, however long, that is to be cut up.

    Raises:
        Unreadable: As `read`.
    """
    about = _header(path)
    return float(about.frames / about.samplerate)


def read(
    path: Path, offset_s: float = 0.0, length_s: float | None = None, channel: int = 0
) -> Sound:
    """Read one channel of an audio file, or a cut of it.

    Args:
        path: The file.
        offset_s: Where the cut begins.
        length_s: How long it is; `None` for all that follows.
        channel: Which channel, from 0.

    Raises:
        Unreadable: The file is not audio, is empty or too long, or its bytes do not hold what its
            header, or the cut, promises.
    """
    import soundfile

    about = _header(path)
    if not 0 <= channel < about.channels:
        raise Unreadable(f"has {about.channels} channels, none of them number {channel}")
    if length_s is not None and not length_s > 0:
        raise Unreadable(f"is a cut of {length_s:g} s")
    start = round(offset_s * about.samplerate)
    left = about.frames - start
    frames = left if length_s is None else round(length_s * about.samplerate)
    # Collections round: a cut may pass the end by a few milliseconds, not by more.
    if start < 0 or frames < 2 or frames - left > about.samplerate // 20:
        raise Unreadable(f"is {about.frames / about.samplerate:.3f} s long and holds no such cut")
    frames = _short_enough(min(frames, left), about.samplerate)
    try:
        with open_audio(path) as file:
            block, _ = soundfile.read(
                file, start=start, frames=frames, dtype="float32", always_2d=True
            )
    except (soundfile.SoundFileError, OSError) as error:
        raise _unreadable(path, error) from error
    if len(block) < frames:
        raise Unreadable(f"breaks off: {len(block)} of {frames} samples are there")
    return Sound(_int16(_sane(block[:, channel])), about.samplerate, about.channels)


def _sane(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples that are numbers around full scale.

    Raises:
        Unreadable: Some are none, or reach so far beyond that they are not scaled to 1.
    """
    if not np.isfinite(scaled).all():
        raise Unreadable("holds samples that are no numbers (NaN or infinity)")
    if (peak := float(np.abs(scaled).max())) > _LOUDEST:
        raise Unreadable(f"holds float samples of up to {peak:.4g}, where full scale is 1")
    return scaled


def _header(path: Path) -> Any:
    """Return soundfile's reading of the header, once it is one of sound."""
    import soundfile

    try:
        with open_audio(path) as file:
            about = soundfile.info(file, verbose=True)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise _unreadable(path, error) from error
    if not _LOWEST_RATE_HZ <= about.samplerate <= _HIGHEST_RATE_HZ:
        raise Unreadable(f"has a sample rate of {about.samplerate} Hz")
    if about.frames < 2:
        raise Unreadable("holds no audio")
    if _breaks_off(about.extra_info):
        raise Unreadable("breaks off: it holds less than its header promises")
    if about.frames > _UNKNOWN_FRAMES:
        raise Unreadable("does not say how long it is")
    return about


def _breaks_off(notes: str) -> bool:
    """Return whether, by libsndfile's notes, the header promised more than there is.

    libsndfile reads what is there all the same.
    """
    for found in _SHORTER_THAN_PROMISED.finditer(notes):
        promised, there = map(int, found.groups())
        if there < promised < _PLACEHOLDER_BYTES:
            return True
    counted = _FEWER_THAN_PROMISED.search(notes)
    fewer = counted is not None and int(counted[1]) < int(counted[2])
    return fewer or _CUT_OFF in notes


def _short_enough(frames: int, rate_hz: int) -> int:
    if frames > LONGEST_CLIP_S * rate_hz:
        raise Unreadable(f"is longer than an utterance may be, {LONGEST_CLIP_S:.0f} s")
    return frames


def _unreadable(path: Path, error: Exception) -> Unreadable:
    """Return what content or ending explains, else libsndfile's own reason without the path."""
    if isinstance(error, OSError):
        said = error.strerror or str(error)
    else:
        said = _described(path) or why_not_read(path) or str(getattr(error, "error_string", error))
    return Unreadable(f"is not readable as audio: {said}")


def _described(path: Path) -> str | None:
    try:
        return what_it_is(path)
    except OSError:
        return None


def write(path: Path, samples: NDArray[np.int16], rate_hz: int) -> None:
    """Write samples, int16, shape (n,), as a mono WAV file."""
    import soundfile

    soundfile.write(str(path), samples, rate_hz, subtype="PCM_16", format="WAV")


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    """Return samples, int16, shape (n,), at another rate: soxr at HQ, without delay."""
    if from_hz == to_hz:
        return samples
    import soxr

    scaled = samples.astype(np.float32) / np.float32(32768)
    return _int16(soxr.resample(scaled, from_hz, to_hz, quality="HQ"))


def resample_scaled(
    samples: NDArray[np.float64], from_hz: float, to_hz: float
) -> NDArray[np.float64]:
    """Return float samples, shape (n,), at another rate: soxr at HQ, without delay."""
    if from_hz == to_hz:
        return samples
    import soxr

    heard: NDArray[np.float64] = soxr.resample(samples, from_hz, to_hz, quality="HQ")
    return heard


def _int16(scaled: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return float samples in [-1, 1) as int16, clipped."""
    whole: NDArray[np.float32] = np.rint(scaled * np.float32(32768))
    return np.clip(whole, -32768, 32767).astype(np.int16)
