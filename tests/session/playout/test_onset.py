from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.bench.onset_calibration import through_alaw, through_mulaw
from harness.session import OnsetDetector

RATE_HZ = 24_000


def tone(seconds: float, dbfs: float = -20.0) -> NDArray[np.int16]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    peak = 32767 * 10 ** (dbfs / 20) * np.sqrt(2)
    wave: NDArray[np.float64] = peak * np.cos(2 * np.pi * 220 * time_s)
    return wave.astype(np.int16)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


def onset_of(response: NDArray[np.int16], piece: int = 2400) -> int | None:
    detector = OnsetDetector(RATE_HZ)
    for start in range(0, len(response), piece):
        detector.feed(response[start : start + piece])
    return detector.audible_sample


@settings(max_examples=60)
@given(lead=st.integers(0, 30_000), piece=st.integers(1, 9_000))
def test_the_onset_is_found_wherever_it_lies_and_however_the_response_is_cut(
    lead: int, piece: int
) -> None:
    response = np.concatenate((np.zeros(lead, dtype=np.int16), tone(0.3)))
    found = onset_of(response, piece)
    assert found is not None
    assert abs(found - lead) <= RATE_HZ // 1000


def test_speech_from_the_first_sample_has_no_leading_silence() -> None:
    assert onset_of(tone(0.2)) == 0


def test_silence_is_never_audible() -> None:
    assert onset_of(silence(2.0)) is None


@pytest.mark.parametrize("click_ms", [1, 5, 9])
def test_a_click_is_not_speech(click_ms: int) -> None:
    click = tone(click_ms / 1000, dbfs=-6)
    response = np.concatenate((silence(0.1), click, silence(0.2), tone(0.2)))
    found = onset_of(response)
    assert found is not None
    assert found >= round(0.3 * RATE_HZ)


def test_faint_noise_ahead_of_speech_is_not_its_onset() -> None:
    noise = np.random.default_rng(1).normal(0, 32768 * 10 ** (-62 / 20), RATE_HZ // 4)
    response = np.concatenate((noise.astype(np.int16), tone(0.2)))
    found = onset_of(response)
    assert found is not None
    assert abs(found - RATE_HZ // 4) <= RATE_HZ // 500


def noise(seconds: float, dbfs: float, seed: int = 1) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 32768 * 10 ** (dbfs / 20), round(seconds * RATE_HZ))
    return np.rint(wave).astype(np.int16)


def read(response: NDArray[np.int16], rate_hz: int = RATE_HZ) -> tuple[int | None, str]:
    detector = OnsetDetector(rate_hz)
    for start in range(0, len(response), 1_111):
        detector.feed(response[start : start + 1_111])
    return detector.close(), detector.doubt


@pytest.mark.parametrize("dbfs", [-70, -60, -55, -50, -45])
@pytest.mark.parametrize("law", [None, through_mulaw, through_alaw])
def test_comfort_noise_alone_is_never_audible(
    dbfs: float, law: Callable[[NDArray[np.int16]], NDArray[np.int16]] | None
) -> None:
    for seed in range(5):
        hiss = noise(2.0, dbfs, seed)
        assert read(hiss if law is None else law(hiss)) == (None, "")


def test_noise_from_the_very_first_sample_is_not_the_response() -> None:
    response = noise(1.0, -47) + np.concatenate((silence(0.5), tone(0.5)))
    found, doubt = read(response)
    assert found == pytest.approx(RATE_HZ // 2, abs=24)
    assert doubt == ""


def test_noise_that_sets_in_after_silence_is_not_the_response() -> None:
    response = np.concatenate((silence(0.2), noise(0.4, -48), tone(0.3)))
    found, _ = read(response)
    assert found == pytest.approx(0.6 * RATE_HZ, abs=24)


def test_a_quiet_consonant_ahead_of_a_vowel_is_the_response() -> None:
    response = np.concatenate((silence(0.3), noise(0.1, -42), tone(0.3)))
    found, _ = read(response)
    assert found == pytest.approx(0.3 * RATE_HZ, abs=24)


def test_a_fade_in_counts_from_where_it_can_be_heard() -> None:
    fade = (tone(0.4) * np.linspace(0, 1, round(0.4 * RATE_HZ))).astype(np.int16)
    found, _ = read(np.concatenate((silence(0.2), fade)))
    assert found is not None
    assert 0 <= found - 0.2 * RATE_HZ < 0.015 * RATE_HZ


@pytest.mark.parametrize("offset", [-8_000, -300, 300, 8_000])
def test_a_constant_offset_is_silence(offset: int) -> None:
    response = np.concatenate((silence(0.3), tone(0.3, -26))) + np.int16(offset)
    found, _ = read(response)
    assert found == pytest.approx(0.3 * RATE_HZ, abs=24)
    assert read(silence(1.0) + np.int16(offset)) == (None, "")


def test_an_offset_that_sets_in_is_a_click() -> None:
    response = np.concatenate((silence(0.2), silence(0.3) + np.int16(2_000)))
    assert read(response) == (None, "")


def test_a_held_vowel_fainter_than_noise_can_be_is_still_a_voice() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    vowel = sum(np.cos(2 * np.pi * 200 * k * time_s) / k for k in range(1, 8))
    quiet = np.rint(vowel * 32768 * 10 ** (-44 / 20)).astype(np.int16)
    found, _ = read(np.concatenate((silence(0.3), quiet)))
    assert found == pytest.approx(0.3 * RATE_HZ, abs=24)


def test_speech_over_loud_noise_is_refused_and_not_guessed() -> None:
    response = noise(1.0, -36) + np.concatenate((silence(0.5), tone(0.5, -12)))
    assert "-36 dBFS" in read(response)[1]


def test_speech_that_hides_in_its_noise_is_refused() -> None:
    response = noise(2.0, -46) + np.concatenate((silence(1.0), tone(1.0, -41)))
    found, doubt = read(response)
    assert found is None
    assert "8 dB" in doubt


def test_a_loud_steady_tone_is_a_response_without_doubt() -> None:
    assert read(tone(1.5)) == (0, "")
    assert read(np.concatenate((tone(0.5, -30), tone(0.5, -10)))) == (0, "")


def test_an_onset_is_known_early_when_it_is_loud() -> None:
    detector = OnsetDetector(RATE_HZ)
    assert detector.feed(tone(0.025)) == 0


def test_a_response_shorter_than_a_click_is_nothing() -> None:
    assert read(tone(0.01)) == (None, "")
    assert read(np.empty(0, dtype=np.int16)) == (None, "")


def test_memory_is_bounded_through_hours_of_silence_and_noise() -> None:
    detector = OnsetDetector(RATE_HZ)
    for piece in (silence(1.0), noise(1.0, -65), noise(1.0, -47)):
        for _ in range(20):
            detector.feed(piece)
    assert len(detector._kept) <= 40 * detector._hop_samples


def sound(kind: str, seconds: float) -> NDArray[np.int16]:
    if kind == "silence":
        return silence(seconds)
    return noise(seconds, -48) if kind == "noise" else tone(seconds, -25)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["silence", "noise", "tone"]), st.integers(1, 9_000)), max_size=8
    ),
    st.integers(1, 5_000),
)
def test_how_a_response_is_cut_into_deltas_changes_nothing(
    parts: list[tuple[str, int]], piece: int
) -> None:
    sounds = [sound(kind, samples / RATE_HZ) for kind, samples in parts]
    response = np.concatenate(sounds) if sounds else silence(0.0)
    whole = OnsetDetector(RATE_HZ)
    whole.feed(response)
    cut = OnsetDetector(RATE_HZ)
    for start in range(0, len(response), piece):
        cut.feed(response[start : start + piece])
    assert (cut.close(), cut.doubt) == (whole.close(), whole.doubt)
    if cut.audible_sample is not None:
        assert 0 <= cut.audible_sample < len(response)


def test_a_response_that_is_settled_keeps_none_of_its_audio() -> None:
    detector = OnsetDetector(RATE_HZ)
    response, delta = np.concatenate((silence(0.1), tone(1.5))), RATE_HZ // 10
    for start in range(0, len(response), delta):
        detector.feed(response[start : start + delta])
        # Whatever it keeps meanwhile is its own: a view would keep the whole delta.
        assert detector._kept.base is None
    detector.close()
    assert detector.audible_sample is not None
    assert detector._kept.size == 0


@pytest.mark.parametrize("samples", [120, 480, 500, 60])
@pytest.mark.parametrize("loud", [(), (0,), (2, 5), (0, 9)])
def test_the_last_loud_piece_of_many_is_that_of_each_by_itself(
    samples: int, loud: tuple[int, ...]
) -> None:
    detector = OnsetDetector(RATE_HZ)
    detector.feed(np.concatenate((silence(0.1), tone(0.3))))
    assert detector.settled
    pieces = [(tone(1.0) if at in loud else silence(1.0))[:samples] for at in range(10)]
    by_itself = [at for at, piece in enumerate(pieces) if detector.is_loud(piece)]
    assert by_itself == ([] if samples == 60 else list(loud))
    assert detector.last_loud(pieces) == max(by_itself, default=None)
