"""What is kept of responses: sample for sample what the listener counted, and within its bound."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, Encoding
from harness.session.playout import kept_audio
from harness.session.playout.encoding_check import EncodingCheck
from harness.session.playout.kept_audio import Budget, KeptTurn
from harness.session.playout.response_audio import ResponseAudio

PCM = AudioFormat(24_000)
MS = 1_000_000


def listening(budget: Budget) -> tuple[KeptTurn, ResponseAudio]:
    keep = KeptTurn(budget)
    return keep, ResponseAudio(PCM, Base64Audio, None, keep)


def hear(audio: ResponseAudio, samples: np.ndarray, at_ms: int) -> None:
    text = base64.b64encode(samples.astype("<i2").tobytes())
    audio.hear(text, at_ms * MS, None, follow=False)


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=12))
def test_what_is_kept_decodes_to_what_was_heard(lengths: list[int]) -> None:
    keep, audio = listening(Budget(1 << 20))
    said = [np.full(length, number + 1, np.int16) * 500 for number, length in enumerate(lengths)]
    for samples in said:
        hear(audio, samples, 0)
    (heard,) = keep.heard(10_000_000 * MS)
    decoded, rate_hz = heard.audio.decoded()
    assert rate_hz == 24_000
    assert decoded.tolist() == np.concatenate(said).tolist()
    assert [(span.first, span.end) for span in heard.spans] == [(0, sum(lengths))]


def test_a_piece_that_is_counted_but_cannot_be_decoded_moves_nothing_behind_it() -> None:
    keep, audio = listening(Budget(1 << 20))
    loud = np.tile(np.array([9_000, -9_000], np.int16), 12_000)
    hear(audio, loud, 0)
    audio.hear(b"A*==", 0, None, follow=False)  # counted as two bytes, and no base64
    hear(audio, loud[:10], 0)
    (heard,) = keep.heard(10_000 * MS)
    decoded, _ = heard.audio.decoded()
    assert len(decoded) == audio.kept_samples
    assert decoded[-10:].tolist() == loud[:10].tolist()


def test_a_format_that_changes_is_followed() -> None:
    keep, audio = listening(Budget(1 << 20))
    mulaw = AudioFormat(8_000, Encoding.MULAW)
    audio.write_as(mulaw, EncodingCheck(mulaw))
    audio.hear(base64.b64encode(b"\x00" * 80), 0, None, follow=False)
    (heard,) = keep.heard(1_000 * MS)
    decoded, rate_hz = heard.audio.decoded()
    assert (rate_hz, len(decoded), heard.spans[0].end) == (8_000, 80, 80)
    assert decoded.min() == decoded.max() != 0


def test_beyond_the_budget_a_turn_is_given_up_and_its_room_is_free_again() -> None:
    budget = Budget(2_000)
    keep, audio = listening(budget)
    hear(audio, np.ones(600, np.int16), 0)
    hear(audio, np.ones(600, np.int16), 0)
    assert not keep.heard(MS)[0].audio.is_whole
    assert audio.kept_samples == 1_200  # what is heard is counted all the same
    other, again = listening(budget)
    hear(again, np.ones(600, np.int16), 0)
    assert other.heard(MS)[0].audio.is_whole


def test_what_nobody_refers_to_any_more_is_free_again() -> None:
    budget = Budget(2_000)
    for _ in range(5):
        keep, audio = listening(budget)
        hear(audio, np.ones(600, np.int16), 0)
        assert keep.heard(MS)[0].audio.is_whole
        del keep, audio


def test_one_turn_cannot_take_the_room_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_audio, "MOST_OF_A_TURN", 1_000)
    keep, audio = listening(Budget(1 << 20))
    hear(audio, np.ones(600, np.int16), 0)
    assert not keep.heard(MS)[0].audio.is_whole
