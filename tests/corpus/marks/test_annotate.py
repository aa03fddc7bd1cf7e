import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.corpus import annotate, speech_like
from harness.corpus.marks.annotate import (
    ANNOTATOR,
    Annotator,
    _speech_spans,
    doubtful,
    energy_end_s,
)

RATE_HZ = 16_000


def _clip(seed: int, speech_s: float, tail_s: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    speech = speech_like(np.random.default_rng(seed), speech_s, rate_hz)
    lead = np.zeros(rate_hz // 2, dtype=np.int16)
    return np.concatenate((lead, speech, np.zeros(round(tail_s * rate_hz), dtype=np.int16)))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100])
def test_the_marks_lie_near_the_known_onset_and_end_at_any_rate(rate_hz: int) -> None:
    marks = annotate(_clip(6, 1.5, 0.6, rate_hz), rate_hz)
    assert marks is not None
    assert marks.start_s == pytest.approx(0.5, abs=0.1)
    assert marks.end_s == pytest.approx(2.0, abs=0.17)
    assert (marks.end_source, marks.end_uncertainty_ms) == (ANNOTATOR, 60.0)


def test_the_end_of_a_clip_is_no_anchor() -> None:
    annotator = Annotator()
    ends = [annotator.marks(_clip(3, 1.0, tail_s), RATE_HZ) for tail_s in (0.1, 0.5, 2.0)]
    assert all(marks is not None for marks in ends)
    assert len({marks.end_s for marks in ends if marks is not None}) == 1


def test_speech_cut_at_the_very_end_is_marked_inside_the_clip() -> None:
    samples = _clip(2, 1.0, 0.0)
    marks = annotate(samples, RATE_HZ)
    assert marks is not None
    assert 1.3 < marks.end_s <= (len(samples) - 1) / RATE_HZ


def test_one_annotator_hears_every_clip_afresh() -> None:
    annotator, clip = Annotator(), _clip(4, 1.0, 0.3)
    first = annotator._probabilities(clip)
    annotator._probabilities(_clip(5, 1.0, 0.0))
    assert annotator._probabilities(clip) == first


@pytest.mark.parametrize("seed", [3, 6, 10, 11])
def test_a_clip_that_begins_a_little_later_ends_where_it_did(seed: int) -> None:
    annotator, clip, ends_s = Annotator(), _clip(seed, 1.0, 0.6), []
    for moved in (0, 90, 200, 333, 470):
        marks = annotator.marks(np.pad(clip, (moved, 0)), RATE_HZ)
        assert marks is not None
        ends_s.append(marks.end_s - moved / RATE_HZ)
    assert max(ends_s) - min(ends_s) < 0.032


@pytest.mark.parametrize("samples", [0, 1, 100, RATE_HZ])
def test_silence_holds_no_speech(samples: int) -> None:
    assert annotate(np.zeros(samples, dtype=np.int16), RATE_HZ) is None


def test_noise_holds_no_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 500, RATE_HZ).astype(np.int16)
    assert annotate(noise, RATE_HZ) is None


@pytest.mark.parametrize(
    ("probabilities", "spans"),
    [
        ([0.0, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0], [(1, 5)]),
        # A dip that is over within 100 ms ends nothing, nor does one that stays above 0.35.
        ([0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0], [(0, 6)]),
        ([0.9, 0.9, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4, 0.0, 0.0, 0.0, 0.0], [(0, 9)]),
        # 0.4 does not begin speech.
        ([0.4] * 10, []),
        # Two chunks of applause behind the speech are no speech; four are.
        ([0.9] * 5 + [0.0] * 5 + [0.9] * 2 + [0.0] * 5, [(0, 5)]),
        ([0.9] * 5 + [0.0] * 5 + [0.9] * 4 + [0.0] * 5, [(0, 5), (10, 14)]),
        # Speech that is never seen to end runs to the end of what was heard.
        ([0.0, 0.9, 0.9, 0.9, 0.9], [(1, 5)]),
        ([0.9, 0.9, 0.9, 0.9, 0.0], [(0, 4)]),
    ],
)
def test_spans_follow_the_hysteresis(
    probabilities: list[float], spans: list[tuple[int, int]]
) -> None:
    # A fall stands within half a chunk before the chunk that fell.
    spans_s = _speech_spans(probabilities, 0.032)
    assert [(round(a / 0.032), math.ceil(b / 0.032)) for a, b in spans_s] == spans


def test_the_end_is_where_the_line_between_two_chunks_falls_through_one_half() -> None:
    ((_, steep),) = _speech_spans([0.9] * 5 + [0.1] * 5, 0.032)
    ((_, shallow),) = _speech_spans([0.9] * 4 + [0.6] + [0.1] * 5, 0.032)
    assert steep == pytest.approx((4.5 + 0.5) * 0.032)
    assert shallow == pytest.approx((4.5 + 0.2) * 0.032)


def test_the_second_opinion_is_the_last_loud_frame_and_silence_has_none() -> None:
    clip = _clip(3, 1.0, 0.5)
    assert energy_end_s(clip, RATE_HZ) == pytest.approx(1.5, abs=0.011)
    assert energy_end_s(np.zeros(RATE_HZ, dtype=np.int16), RATE_HZ) is None
    assert energy_end_s(clip[:3], RATE_HZ) is None


@pytest.mark.parametrize(("second_s", "is_so"), [(None, False), (1.11, False), (0.87, True)])
def test_opinions_more_than_120_ms_apart_are_doubtful(second_s: float | None, is_so: bool) -> None:
    assert doubtful(1.0, second_s) is is_so


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted on Linux")
def test_the_model_hears_with_one_thread_wherever_it_runs() -> None:
    counting = """
import os
import numpy as np
from harness.corpus import annotate
from harness.corpus import speech_like

speech = speech_like(np.random.default_rng(2), 0.4, 16_000)
before = len(os.listdir("/proc/self/task"))
assert annotate(speech, 16_000) is not None
print(len(os.listdir("/proc/self/task")) - before)
"""
    done = subprocess.run([sys.executable, "-c", counting], capture_output=True, check=True)
    assert int(done.stdout) == 0
