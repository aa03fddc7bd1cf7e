from typing import Any

import numpy as np
import pytest

from harness.model import Clip, Utterance

CLIP: dict[str, Any] = {
    "id": "one",
    "path": "one.wav",
    "sha256": "",
    "rate_hz": 24_000,
    "channels": 1,
    "duration_s": 2.0,
    "end_source": "exact",
    "end_uncertainty_ms": 0.0,
}


@pytest.mark.parametrize(("start_s", "end_s"), [(-0.1, 1.0), (1.0, 1.0), (1.0, 2.1), (1.5, 1.0)])
def test_marks_outside_the_clip_are_refused_with_its_name(start_s: float, end_s: float) -> None:
    with pytest.raises(ValueError, match="clip one: speech from"):
        Clip(**CLIP, speech_start_s=start_s, speech_end_s=end_s)


def test_speech_may_fill_the_clip() -> None:
    assert Clip(**CLIP, speech_start_s=0.0, speech_end_s=2.0).speech_end_s == 2.0


@pytest.mark.parametrize(("onset", "end"), [(-1, 5), (5, 5), (0, 10)])
def test_marks_outside_the_samples_are_refused_with_the_utterances_name(
    onset: int, end: int
) -> None:
    with pytest.raises(ValueError, match="utterance one"):
        Utterance(
            id="one",
            samples=np.zeros(10, dtype=np.int16),
            rate_hz=24_000,
            speech_onset_sample=onset,
            speech_end_sample=end,
            end_uncertainty_ms=0.0,
        )
