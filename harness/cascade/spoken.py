"""An answer in speech that comes while it is sent."""

import base64

import numpy as np

from harness.cascade.providers.base import Sound
from harness.simulator.protocol import event_order, usage
from harness.simulator.protocol.configuration import Json
from harness.simulator.voice.linear_audio import Resampler
from harness.simulator.voice.outputs import Message, ResponseContext
from harness.simulator.voice.sound_formats import SoundFormat

# Half a second: clients bound what they take in one message.
_LONGEST_DELTA_MS = 500
_PCM16 = np.dtype("<i2")


class Spoken(Message):
    """The item of a spoken answer.

    Args:
        context: The response it belongs to.
        index: Its place among the response's outputs.
        sound: The format the caller hears.
    """

    closing = event_order.RESPONSE_CLOSE

    def __init__(self, context: ResponseContext, index: int, sound: SoundFormat) -> None:
        super().__init__(context, index, {"type": "audio", "transcript": ""})
        self._format = sound
        self._resampler: Resampler | None = None
        self._rate_hz = 0
        self._odd = b""
        self.text = ""
        self.samples_sent = 0
        self.item.spoken_ms = 0

    @property
    def tokens(self) -> usage.Tokens:
        """Return none: what the parts count is in the stage log."""
        return usage.Tokens()

    @property
    def spoken_s(self) -> float:
        """How much speech was sent."""
        return self.samples_sent / self._format.rate_hz

    def release(self) -> int | None:
        """Release nothing of itself: `say` and `play` send what comes."""
        return None

    def say(self, sentence: str) -> None:
        """Send more of the transcript."""
        delta = f" {sentence}" if self.text else sentence
        self.text += delta
        fields = self._place() | {"delta": delta}
        self._context.emit("response.output_audio_transcript.delta", fields)

    def play(self, sound: Sound) -> bool:
        """Send more of the speech; return whether there was a whole sample of it."""
        if sound.rate_hz != self._rate_hz:
            self._resampler = Resampler(sound.rate_hz, self._format.rate_hz)
            self._rate_hz, self._odd = sound.rate_hz, b""
        assert self._resampler is not None
        whole = self._odd + sound.pcm
        end = len(whole) - len(whole) % _PCM16.itemsize
        self._odd = whole[end:]
        pcm = self._resampler.feed(whole[:end]) if end else b""
        wire = self._format.encode(np.frombuffer(pcm, _PCM16))
        step = self._format.rate_hz * self._format.sample_bytes * _LONGEST_DELTA_MS // 1000
        for at in range(0, len(wire), step):
            delta = base64.b64encode(wire[at : at + step]).decode()
            self._context.emit("response.output_audio.delta", self._place() | {"delta": delta})
        self.samples_sent += len(wire) // self._format.sample_bytes
        self.item.spoken_ms = self.samples_sent * 1000 // self._format.rate_hz
        return bool(wire)

    def _finish(self) -> None:
        kept = self.text if self.item.kept_ms is None else ""
        self.item.wire["content"] = [{"type": "output_audio", "transcript": kept}]

    def _closing_fields(self) -> dict[str, Json]:
        place, said = self._place(), self.text
        return {
            "response.output_audio.done": place,
            "response.output_audio_transcript.done": place | {"transcript": said},
            "response.content_part.done": place | {"part": {"type": "audio", "transcript": said}},
        }
