"""A generated backchannel, for a corpus that has no recording of one."""

import numpy as np
from numpy.typing import NDArray

from harness.corpus import cut_frames, encode_utterance, speech_like
from harness.dialects import Dialect
from harness.engine.shared_frames import shared_frame
from harness.model import Utterance
from harness.session import EncodedUtterance

GENERATED = "generated-backchannel"
_SEED = 20_260_102
# About as long as a spoken "mhm".
_LENGTH_S = 0.35


def generated_samples(rate_hz: int) -> NDArray[np.int16]:
    """Return the samples of the synthetic backchannel, int16, shape (n,)."""
    return speech_like(np.random.default_rng(_SEED), _LENGTH_S, rate_hz)


def generated_backchannel(dialect: Dialect, frame_ms: int) -> EncodedUtterance:
    """Return a synthetic backchannel, the same one for all callers and runs.

    Args:
        dialect: Whose messages carry it.
        frame_ms: Length of a frame.
    """
    audio = dialect.audio
    samples = generated_samples(audio.rate_hz)
    utterance = Utterance(
        id=GENERATED,
        samples=samples,
        rate_hz=audio.rate_hz,
        speech_onset_sample=0,
        speech_end_sample=len(samples) - 1,
        end_uncertainty_ms=0.0,
    )
    return EncodedUtterance(
        utterance_id=GENERATED,
        messages=[
            shared_frame(dialect, frame)
            for frame in cut_frames(encode_utterance(utterance, audio), audio, frame_ms)
        ],
        onset_sample=0,
        end_sample=utterance.speech_end_sample,
    )
