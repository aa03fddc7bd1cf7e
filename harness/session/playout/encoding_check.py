"""Whether audio has the encoding that the server stated: decoded wrongly, speech is noise.

Speech changes little from one sample to the next; its bytes, read as samples of another encoding,
jump. So the bytes decoded as acknowledged are compared with the same bytes in every other encoding.
Where another encoding is many times smoother, it is the real one, and every duration counted in
samples is wrong. Sound that is as rough in every encoding, such as a hiss, decides nothing and
passes.

A wrong sample rate cannot be found like this: it makes speech slower, not rougher. One kind of it
can: two equal channels, which no format here has, give every sample twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioFormat, Encoding
from harness.model.g711 import decode_alaw, decode_mulaw

_Samples = NDArray[np.float64]

# Measured on recordings of 40 speakers at 8, 16 and 24 kHz: of audio in its right encoding no other
# reading was smoother than 2.2 times in a second of speech, and 5.9 times in a fifth of one. Of
# PCM16 that was taken for G.711 it was, at the median, 11 to 90 times.
_WHOLE_S, _WHOLE_TIMES = 1.0, 4.0
_LEAST_S, _LEAST_TIMES = 0.2, 8.0
# Misread G.711 is loud, near -9 dBFS, so that less is enough of a reading that is half as loud.
_LOUD_POWER, _LOUDER, _LOUD_SHARE = 8_000.0**2, 4.0, 0.65
# Between two samples of noise there is twice the power of one; anything as smooth as this is no
# misread audio, whatever else may be smoother still.
_ROUGH = 0.15
# A block in which the mean is taken out, so that an offset counts for nothing.
_BLOCK_S = 0.01
# Of the default corpus, silence included, at most 11 % of samples equal the next at 48 kHz, 30 %
# in mu-law at 24 kHz. Of two equal channels every second one does, and of the others so few; of a
# square wave nearly all do.
_DOUBLED_SHARE, _CHANCE_SHARE = 0.98, 0.6
# Quieter than -50 dBFS is no speech.
_LEAST_POWER = 100.0**2
_FULL_SCALE = 32768.0
# Float samples reach 1; mixes go a little beyond, other bytes read as floats go far.
_LARGEST_FLOAT = 4.0


class EncodingCheck:
    """Finds out, over the responses of a session, whether its audio has the stated encoding.

    Args:
        audio: How the server said that it writes audio.

    Attributes:
        misread: How the audio is written in place of that, in words; empty while nothing is wrong.
        done: Whether more audio changes nothing.
    """

    __slots__ = ("_audio", "_heard", "_whole_bytes", "done", "misread")

    def __init__(self, audio: AudioFormat) -> None:
        self.misread = ""
        self.done = audio.encoding is Encoding.UNKNOWN
        self._audio = audio
        self._heard = bytearray()
        self._whole_bytes = round(_WHOLE_S * audio.rate_hz) * audio.encoding.bytes_per_sample

    def feed(self, written: bytes) -> None:
        """Take audible audio as it was written, in whole samples."""
        if not self.done:
            self._heard += written
            if len(self._heard) >= self._whole_bytes:
                self._compare(_WHOLE_TIMES)
                self.done = True
                # Once decided it is of no use, and every session would keep a second of audio.
                self._heard = bytearray()

    def contradict(self, name: str) -> None:
        """Note the format that the audio really has, in place of the acknowledged one."""
        rate = f"{self._audio.encoding} at {self._audio.rate_hz} Hz"
        self.misread = self.misread or f"audio was acknowledged as {rate} and comes as {name}"
        self.done = True

    def response_over(self) -> None:
        """Decide with what there is, where that is enough; the next response adds to it."""
        if not self.done and len(self._heard) >= self._whole_bytes * _LEAST_S / _WHOLE_S:
            self._compare(_LEAST_TIMES)

    def _compare(self, times: float) -> None:
        """Set `misread` where another reading is so many times smoother."""
        written = bytes(self._heard)
        block = round(_BLOCK_S * self._audio.rate_hz)
        samples = _READINGS[_NAMES[self._audio.encoding]](written)
        said = _sound(samples, block)
        if said is not None and samples is not None and _is_doubled(samples):
            self.contradict(f"{_NAMES[self._audio.encoding]} with every sample twice, as in stereo")
            return
        if said is None or said.rough < _ROUGH:
            return
        others = {
            name: sound
            for name, read in _READINGS.items()
            if name != _NAMES[self._audio.encoding]
            and (sound := _sound(read(written), block)) is not None
        }
        name = min(others, key=lambda each: others[each].rough, default="")
        if not name:
            return
        other = others[name]
        if said.power >= max(_LOUD_POWER, _LOUDER * other.power):
            times *= _LOUD_SHARE
        if said.rough >= times * other.rough:
            self.contradict(name)


@dataclass(frozen=True, slots=True)
class _Sound:
    """What a reading sounds like.

    Attributes:
        power: Mean square of its samples, without offset.
        rough: Mean square from one sample to the next, over `power`.
    """

    power: float
    rough: float


def _is_doubled(samples: _Samples) -> bool:
    """Tell whether samples come in equal pairs, whichever of them the first pair begins with."""
    equal = samples[:-1] == samples[1:]
    fewer, more = sorted((float(np.mean(equal[::2])), float(np.mean(equal[1::2]))))
    return more > _DOUBLED_SHARE and fewer < _CHANCE_SHARE


def _sound(samples: _Samples | None, block: int) -> _Sound | None:
    """Return what samples sound like, `None` where nothing is to be heard."""
    if samples is None or len(samples) < 2 * block:
        return None
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    centred = whole - whole.mean(axis=1, keepdims=True)
    power = float(np.mean(centred**2))
    if power < _LEAST_POWER:
        return None
    return _Sound(power, float(np.mean(np.diff(centred, axis=1) ** 2)) / power)


def _pcm16(order: str, written: bytes) -> _Samples:
    return np.frombuffer(written, f"{order}i2", len(written) // 2).astype(np.float64)


def _g711(decode: Callable[[NDArray[np.uint8]], NDArray[np.int16]], written: bytes) -> _Samples:
    return decode(np.frombuffer(written, np.uint8)).astype(np.float64)


def _float32(written: bytes) -> _Samples | None:
    samples = np.frombuffer(written, "<f4", len(written) // 4)
    if not np.isfinite(samples).all() or np.abs(samples).max(initial=0) > _LARGEST_FLOAT:
        return None
    return samples.astype(np.float64) * _FULL_SCALE


_NAMES = {Encoding.PCM16: "pcm16", Encoding.MULAW: "mulaw", Encoding.ALAW: "alaw"}
_READINGS: dict[str, Callable[[bytes], _Samples | None]] = {
    "pcm16": partial(_pcm16, "<"),
    "mulaw": partial(_g711, decode_mulaw),
    "alaw": partial(_g711, decode_alaw),
    "pcm16 with its bytes swapped": partial(_pcm16, ">"),
    "32-bit float": _float32,
}
