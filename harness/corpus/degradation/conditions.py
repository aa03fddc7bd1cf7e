"""Conditions: what telephony, reverberation or a microphone does to clean speech, a function each.

Every function takes audio and returns it with the marks of the clean clip moved along. Marks are
never made anew: on degraded audio every detector misses the end of speech.
Every random draw comes from a generator that is passed in.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.corpus.sound import Sound, Unreadable, duration_s, read, resample_scaled, suffixes
from harness.errors import BadInput, sanitised
from harness.model.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw

_FULL = 32768.0
_TELEPHONE_HZ = 8_000
_BAND_HZ = (300.0, 3_400.0)
_TAPS = 255
_PEAK = 0.999


@dataclass(frozen=True, eq=False, slots=True)
class Take:
    """Sound and where the speech lies in it.

    Attributes:
        samples: float64 in [-1, 1], shape (n,).
        rate_hz: Their sample rate.
        start_s: First sample of speech.
        end_s: Last sample of speech.
    """

    samples: NDArray[np.float64]
    rate_hz: int
    start_s: float
    end_s: float

    def speech_rms(self) -> float:
        """Return the RMS between the marks."""
        first, last = round(self.start_s * self.rate_hz), round(self.end_s * self.rate_hz)
        return float(np.sqrt(np.mean(self.samples[first : last + 1] ** 2))) or 1e-9


Step = Callable[[Take, np.random.Generator], Take]


def loudness(rms_dbfs: float) -> Step:
    """Return a step that brings the speech to an RMS level; as loud as the peaks allow."""

    def apply(take: Take, rng: np.random.Generator) -> Take:
        del rng
        gain = 10 ** (rms_dbfs / 20) / take.speech_rms()
        return replace(take, samples=_within(take.samples * gain))

    return apply


def telephone(law: str) -> Step:
    """Return a step that limits the band to 300 to 3400 Hz and codes at 8 kHz by G.711.

    The filter is symmetric and its delay taken out, and so is the resampler's: nothing moves.
    """
    coders = {"mulaw": (encode_mulaw, decode_mulaw), "alaw": (encode_alaw, decode_alaw)}
    if law not in coders:
        raise ValueError(f"telephone takes mulaw or alaw, not {law}")
    encode, decode = coders[law]

    def apply(take: Take, rng: np.random.Generator) -> Take:
        del rng
        narrow = resample_scaled(take.samples, take.rate_hz, _TELEPHONE_HZ)
        limited = np.convolve(narrow, _band_pass(), mode="same")[: len(narrow)]
        whole = np.clip(np.rint(limited * _FULL), -32768, 32767).astype(np.int16)
        return replace(take, samples=decode(encode(whole)) / _FULL, rate_hz=_TELEPHONE_HZ)

    return apply


def noise(snr_db: float, folder: Path | None = None) -> Step:
    """Return a step that adds noise, pink or from a folder, at a ratio to the speech.

    The ratio counts the RMS between the marks; the noise runs through pauses and tail alike. Where
    the sum would clip, all of it is made softer.
    """
    files = None if folder is None else _audio_files(folder)

    def apply(take: Take, rng: np.random.Generator) -> Take:
        count = len(take.samples)
        chosen = _pink(rng, count) if files is None else _excerpt(rng, files, count, take.rate_hz)
        level = take.speech_rms() / 10 ** (snr_db / 20)
        chosen *= level / max(float(np.sqrt(np.mean(chosen**2))), 1e-9)
        return replace(take, samples=_within(take.samples + chosen))

    return apply


def clipping(over_db: float) -> Step:
    """Return a step that cuts peaks as an input driven `over_db` too hot does."""
    if over_db < 0:
        raise ValueError(f"clip takes a level of 0 dB or more, not {over_db}")

    def apply(take: Take, rng: np.random.Generator) -> Take:
        del rng
        ceiling = float(np.abs(take.samples).max()) / 10 ** (over_db / 20)
        return replace(take, samples=np.clip(take.samples, -ceiling, ceiling))

    return apply


def reverb(folder: Path) -> Step:
    """Return a step that puts the speech into a room, by an impulse response from a folder.

    The mark moves with the direct sound, the response's largest sample. The reverberation after
    it is not speech, and makes the clip longer.
    """
    files = _audio_files(folder)

    def apply(take: Take, rng: np.random.Generator) -> Take:
        sound = _chosen(rng, files)
        response = resample_scaled(sound.samples / _FULL, sound.rate_hz, take.rate_hz)
        direct = int(np.argmax(np.abs(response)))
        response = response / (np.abs(response[direct]) or 1.0)
        size = len(take.samples) + len(response) - 1
        rung = np.fft.irfft(np.fft.rfft(take.samples, size) * np.fft.rfft(response, size), size)
        return Take(
            samples=_within(rung),
            rate_hz=take.rate_hz,
            start_s=take.start_s + direct / take.rate_hz,
            end_s=take.end_s + direct / take.rate_hz,
        )

    return apply


def speed(factor: float) -> Step:
    """Return a step that plays the clip faster; the voice rises with it, as on a tape."""
    if not 0.5 <= factor <= 2.0:
        raise ValueError(f"speed takes a factor from 0.5 to 2, not {factor}")

    def apply(take: Take, rng: np.random.Generator) -> Take:
        del rng
        heard = resample_scaled(take.samples, take.rate_hz * factor, float(take.rate_hz))
        return Take(heard, take.rate_hz, take.start_s / factor, take.end_s / factor)

    return apply


def parse_steps(words: str) -> tuple[Step, ...]:
    """Return the steps of a condition written `kind:value+kind:value`; `clean` has none.

    Raises:
        BadInput: A step is not known or its value is not one it takes.
    """
    if words == "clean":
        return ()
    return tuple(_step(word) for word in words.split("+"))


def apply_steps(take: Take, steps: Sequence[Step], rng: np.random.Generator) -> Take:
    """Return sound after every step, in order."""
    for step in steps:
        take = step(take, rng)
    return take


def _step(word: str) -> Step:
    kind, _, value = word.strip().partition(":")
    level, _, folder = value.partition(":")
    try:
        match kind:
            case "loudness":
                return loudness(_number(kind, value))
            case "telephone":
                return telephone(value or "mulaw")
            case "noise":
                return noise(_number(kind, level), Path(folder) if folder else None)
            case "clip":
                return clipping(_number(kind, value))
            case "reverb":
                return reverb(Path(value))
            case "speed":
                return speed(_number(kind, value))
    except ValueError as error:
        raise BadInput(sanitised(error), where=f"condition {sanitised(word)}") from error
    raise BadInput(
        f"no such step: {sanitised(kind)}",
        where="--condition",
        hint="There are loudness:DBFS, telephone:mulaw|alaw, noise:SNR[:FOLDER], clip:DB,"
        " reverb:FOLDER and speed:FACTOR",
    )


def _number(kind: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{kind} takes a number, not {value or 'nothing'}")
    return number


def _within(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sound made softer where it would clip."""
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    return samples if peak <= _PEAK else samples * (_PEAK / peak)


def _pink(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return noise whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    shaped: NDArray[np.float64] = np.fft.irfft(spectrum, count)
    return shaped


def _excerpt(
    rng: np.random.Generator, files: Sequence[Path], count: int, rate_hz: int
) -> NDArray[np.float64]:
    """Return a piece of a recording, repeated where it is too short."""
    sound = _chosen(rng, files)
    heard = resample_scaled(sound.samples / _FULL, sound.rate_hz, rate_hz)
    start = int(rng.integers(len(heard)))
    return np.take(heard, np.arange(start, start + count), mode="wrap").astype(np.float64)


def _chosen(rng: np.random.Generator, files: Sequence[Path]) -> Sound:
    """Return one of the recordings.

    Raises:
        BadInput: It is damaged behind its header.
    """
    path = files[int(rng.integers(len(files)))]
    try:
        return read(path)
    except Unreadable as error:
        raise BadInput(str(error), where=sanitised(path.name)) from error


def _audio_files(folder: Path) -> list[Path]:
    """Return the audio files below a folder, by their headers, that are short enough.

    Raises:
        BadInput: There are none.
    """
    endings = suffixes()
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix.lower() in endings and path.is_file():
            try:
                duration_s(path)
            except Unreadable:
                continue
            found.append(path)
    if not found:
        raise BadInput("holds no audio that can be used", where=sanitised(folder.name))
    return found


def _band_pass() -> NDArray[np.float64]:
    """Return a symmetric windowed-sinc band-pass at 8 kHz, shape (_TAPS,)."""
    at = np.arange(_TAPS) - _TAPS // 2
    low, high = (2 * edge / _TELEPHONE_HZ for edge in _BAND_HZ)
    taps: NDArray[np.float64] = (high * np.sinc(high * at) - low * np.sinc(low * at)) * np.blackman(
        _TAPS
    )
    return taps
