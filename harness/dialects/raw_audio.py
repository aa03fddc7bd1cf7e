"""Audio of binary messages: bare samples, a byte stream that messages cut anywhere."""

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioFormat, Encoding
from harness.model.g711 import decode_alaw, decode_mulaw


class RawAudio:
    """An `AudioDecoder` of messages that hold nothing but samples.

    Args:
        audio: How the samples are written.
    """

    __slots__ = ("_audio", "_rest", "foreign", "undecodable", "written")

    def __init__(self, audio: AudioFormat) -> None:
        self.undecodable, self.written, self.foreign = 0, b"", ""
        self._audio, self._rest = audio, b""

    def next_item(self) -> None:
        """Begin another item: an incomplete sample of the one before is dropped."""
        self._rest = b""

    def count(self, audio: bytes) -> int:
        """Return how many samples a message completes."""
        whole = len(self._rest) + len(audio)
        samples, over = divmod(whole, self._audio.encoding.bytes_per_sample)
        self._rest = audio[len(audio) - over :] if over <= len(audio) else self._rest + audio
        return samples

    def decode(self, audio: bytes) -> NDArray[np.int16]:
        """Return the samples that a message completes."""
        raw = self._rest + audio
        whole = len(raw) - len(raw) % self._audio.encoding.bytes_per_sample
        self._rest, self.written = raw[whole:], raw[:whole]
        match self._audio.encoding:
            case Encoding.PCM16:
                return np.frombuffer(self.written, "<i2").astype(np.int16, copy=False)
            case Encoding.MULAW:
                return decode_mulaw(np.frombuffer(self.written, np.uint8))
            case Encoding.ALAW:
                return decode_alaw(np.frombuffer(self.written, np.uint8))
            case Encoding.UNKNOWN:
                self.undecodable += 1
                return np.empty(0, np.int16)
