"""A turn as it sounds: who is where, and when."""

import base64

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.dialects.base64_audio import Base64Audio
from harness.engine.turn_mix import LONGEST_S, is_too_long, mix
from harness.model import AudioFormat
from harness.session import Said, TurnSound
from harness.session.playout.kept_audio import Budget, KeptTurn
from harness.session.playout.response_audio import ResponseAudio

MS = 1_000_000
START_NS = 5_000 * MS


def voice(utterance_id: str) -> NDArray[np.int16]:
    return np.full(800, 1_000 * (1 + int(utterance_id)), np.int16)


def sound(
    *said: Said, arrivals: tuple[tuple[int, int], ...] = (), rate_hz: int = 8_000, end_ms: int = 500
) -> TurnSound:
    keep = KeptTurn(Budget(1 << 22))
    audio = ResponseAudio(AudioFormat(rate_hz), Base64Audio, None, keep)
    for at_ms, samples in arrivals:
        text = base64.b64encode(np.full(samples, 5_000, "<i2").tobytes())
        audio.hear(text, START_NS + at_ms * MS, None, follow=False)
    end_ns = START_NS + end_ms * MS
    return TurnSound(
        session_id="s",
        turn_index=0,
        start_ns=START_NS,
        end_ns=end_ns,
        said=said,
        heard=tuple(keep.heard(end_ns)),
    )


def spoken(number: int, at_ms: int, **pause: int) -> Said:
    return Said(utterance_id=str(number), start_ns=START_NS + at_ms * MS, **pause)


def sides(of: TurnSound) -> tuple[list[int], list[int]]:
    """Return the levels of both sides every ten milliseconds."""
    mixed = mix(of, voice, 8_000)
    step = mixed.rate_hz // 100
    middle = mixed.samples[step // 2 :: step]
    return middle[:, 0].tolist(), middle[:, 1].tolist()


def test_each_side_lies_where_it_was_said_and_heard() -> None:
    caller, agent = sides(sound(spoken(0, 0), arrivals=((200, 800),)))
    assert caller == [1_000] * 10 + [0] * 40
    assert agent == [0] * 20 + [5_000] * 10 + [0] * 20


def test_an_underrun_is_silence_and_told() -> None:
    late = sound(spoken(0, 0), arrivals=((100, 800), (300, 800)))
    _, agent = sides(late)
    assert agent == [0] * 10 + [5_000] * 10 + [0] * 10 + [5_000] * 10 + [0] * 10
    (gap,) = mix(late, voice, 8_000).underruns_ns
    assert gap == (START_NS + 200 * MS, START_NS + 300 * MS)


def test_a_pause_is_inside_the_utterance() -> None:
    caller, _ = sides(sound(spoken(0, 0, pause_at=400, pause_samples=160)))
    assert caller == [1_000] * 5 + [0] * 2 + [1_000] * 5 + [0] * 38


def test_what_lies_outside_of_the_turn_is_cut_off() -> None:
    caller, agent = sides(sound(spoken(0, -50), spoken(1, 450), arrivals=((460, 800),)))
    assert caller == [1_000] * 5 + [0] * 40 + [2_000] * 5
    assert agent == [0] * 46 + [5_000] * 4


def test_both_sides_have_the_higher_rate() -> None:
    mixed = mix(sound(spoken(0, 0), arrivals=((200, 2_400),), rate_hz=24_000), voice, 8_000)
    assert (mixed.rate_hz, len(mixed.samples)) == (24_000, 12_000)
    assert mixed.samples[1_200, 0] == pytest.approx(1_000, abs=30)
    assert mixed.samples[6_000, 1] == 5_000


def test_a_very_long_turn_is_told_before_it_takes_memory() -> None:
    assert not is_too_long(sound(end_ms=LONGEST_S * 1_000))
    assert is_too_long(sound(end_ms=LONGEST_S * 1_000 + 1))
