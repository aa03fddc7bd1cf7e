from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.corpus import speech_like
from harness.simulator.voice.voice_activity import Started, Stopped, VoiceActivity

RATE_HZ = 24_000
SPEECH = speech_like(np.random.default_rng(11), 1.0, RATE_HZ)
Audio = NDArray[np.int16]


def _silence(samples: int) -> Audio:
    return np.zeros(samples, dtype=np.int16)


def _hear(hearing: VoiceActivity, pieces: Iterable[Audio]) -> list[Started | Stopped]:
    return [found for piece in pieces for found in hearing.feed(piece)]


def test_speech_between_digital_silence_is_found_to_the_sample() -> None:
    audio = np.concatenate((_silence(9_600), SPEECH, _silence(12_000)))
    assert _hear(VoiceActivity(rate_hz=RATE_HZ), [audio]) == [
        Started(9_600),
        Stopped(9_600 + len(SPEECH) - 1, 9_600 + len(SPEECH) + 4_800),
    ]


@given(st.lists(st.integers(0, 3_000), max_size=60))
@settings(max_examples=40, deadline=None)
def test_what_is_heard_does_not_depend_on_the_frames_it_came_in(sizes: list[int]) -> None:
    audio = np.concatenate((_silence(5_000), SPEECH, _silence(12_000)))
    pieces, rest = [], audio
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert _hear(VoiceActivity(rate_hz=RATE_HZ), [*pieces, rest]) == _hear(
        VoiceActivity(rate_hz=RATE_HZ), [audio]
    )


@given(st.integers(20, 1_000), st.integers(0, 1_500), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_turn_ends_exactly_when_the_pause_reaches_the_window(
    window_ms: int, pause_ms: int, seed: int
) -> None:
    # Whole hops, so that the last hop of speech and the first of the pause are not one.
    window, pause = window_ms // 10 * 240, pause_ms // 10 * 240
    loud = np.random.default_rng(seed).choice(np.array([-3_000, 3_000], dtype=np.int16), 9_600)
    audio = np.concatenate((loud, _silence(pause), loud, _silence(window)))
    stops = [
        f
        for f in _hear(VoiceActivity(rate_hz=RATE_HZ, silence_ms=window_ms // 10 * 10), [audio])
        if isinstance(f, Stopped)
    ]
    assert len(stops) == (2 if pause >= window else 1)
    assert stops[-1].last_voiced_sample == 2 * 9_600 + pause - 1
    assert stops[-1].decided_sample == 2 * 9_600 + pause + window


@given(st.integers(0, 2**32), st.floats(0, 60), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_quiet_noise_is_never_speech(seed: int, rms: float, seconds: int) -> None:
    noise = np.random.default_rng(seed).normal(0, rms, seconds * RATE_HZ).astype(np.int16)
    assert _hear(VoiceActivity(rate_hz=RATE_HZ), [noise]) == []


def test_click_is_not_speech() -> None:
    audio = _silence(24_000)
    audio[12_000:12_240] = 20_000
    assert _hear(VoiceActivity(rate_hz=RATE_HZ), [audio]) == []


def test_steady_noise_becomes_the_floor_and_speech_is_heard_above_it() -> None:
    noise = np.random.default_rng(2).normal(0, 250, 8 * RATE_HZ)
    hearing = VoiceActivity(rate_hz=RATE_HZ)
    _hear(hearing, [noise[: 4 * RATE_HZ].astype(np.int16)])
    assert not hearing.speaking
    later = noise[4 * RATE_HZ :]
    later[RATE_HZ : RATE_HZ + len(SPEECH)] += SPEECH
    started, stopped = _hear(hearing, [later.astype(np.int16)])
    assert isinstance(started, Started)
    assert isinstance(stopped, Stopped)
    assert started.onset_sample == pytest.approx(5 * RATE_HZ, abs=480)
    assert stopped.last_voiced_sample == pytest.approx(5 * RATE_HZ + len(SPEECH), abs=480)


def test_higher_threshold_hears_only_louder_speech() -> None:
    faint = (SPEECH / 40).astype(np.int16)
    audio = np.concatenate((_silence(4_800), faint, _silence(12_000)))
    assert _hear(VoiceActivity(rate_hz=RATE_HZ, threshold=0.5), [audio]) != []
    assert _hear(VoiceActivity(rate_hz=RATE_HZ, threshold=1.0), [audio]) == []


_LENGTHS = st.integers(0, 2_400) | st.integers(0, 10).map(lambda hops: hops * 240)


@given(st.lists(st.tuples(st.booleans(), _LENGTHS), max_size=30))
@settings(max_examples=40, deadline=None)
def test_exact_silence_may_be_told_by_its_length(pieces: list[tuple[bool, int]]) -> None:
    one, other = VoiceActivity(rate_hz=RATE_HZ), VoiceActivity(rate_hz=RATE_HZ)
    for is_silent, length in pieces:
        if is_silent:
            found = list(one.feed_silence(length))
            assert found == list(other.feed(_silence(length)))
        else:
            assert list(one.feed(SPEECH[:length])) == list(other.feed(SPEECH[:length]))
        assert one.heard_samples == other.heard_samples
        assert one.last_voiced_sample == other.last_voiced_sample
        for floor in ("_floor", "_block_least", "_block_hops", "_blocks", "_start", "_keep"):
            assert getattr(one, floor) == getattr(other, floor)


def test_what_is_set_after_a_finding_counts_for_the_rest_of_the_same_audio() -> None:
    hearing, ends = VoiceActivity(rate_hz=RATE_HZ, silence_ms=100), []
    audio = np.concatenate((SPEECH, _silence(12_000), SPEECH, _silence(12_000)))
    for found in hearing.feed(audio):
        if isinstance(found, Stopped):
            ends.append(found.decided_sample - found.last_voiced_sample)
            hearing.configure(silence_ms=300, threshold=0.5)
    assert ends == [2_401, 7_201]
