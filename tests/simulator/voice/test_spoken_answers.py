import base64

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import BadInput
from harness.simulator.voice.recorded import Answer
from harness.simulator.voice.sound_formats import FORMATS, PCM, SoundFormat
from harness.simulator.voice.spoken_answers import DeltaSizes, SpokenAnswers


@pytest.mark.parametrize("sound", FORMATS.values(), ids=lambda sound: sound.name)
@pytest.mark.parametrize(
    "delta_sizes", [DeltaSizes(), DeltaSizes(20, 20, 200), DeltaSizes(10_000, 1, 1)], ids=str
)
def test_pieces_make_up_the_reply_and_are_as_long_as_asked_for(
    sound: SoundFormat, delta_sizes: DeltaSizes
) -> None:
    answer = SpokenAnswers(3, 2, delta_sizes=delta_sizes).get(1, sound)
    pieces, audible = answer.with_lead(sound.rate_hz // 3)
    wire = b"".join(base64.b64decode(piece.encoded) for piece in pieces)
    assert wire == sound.silence(sound.rate_hz // 3) + answer.audio
    assert sum(piece.samples for piece in pieces) * sound.sample_bytes == len(wire)
    before = sum(piece.samples for piece in pieces[:audible])
    assert before <= sound.rate_hz // 3 < before + pieces[audible].samples
    lengths_ms = [piece.samples * 1000 / sound.rate_hz for piece in answer.pieces]
    assert all(
        delta_sizes.least_ms <= length_ms <= delta_sizes.most_ms for length_ms in lengths_ms[:-1]
    )
    if delta_sizes.least_ms < delta_sizes.most_ms:
        assert len(set(lengths_ms)) > 3
    assert len(answer.first) <= delta_sizes.first_ms * sound.rate_hz * sound.sample_bytes // 1000


def _level(samples: int, level: int) -> NDArray[np.int16]:
    return np.full(samples, level, dtype=np.int16)


def test_recorded_answers_are_said_as_they_are_at_each_rate() -> None:
    answers = tuple(
        Answer(words, {24_000: _level(4_800, level), 8_000: _level(1_600, level)})
        for words, level in (("one", 2_000), ("two", 3_000))
    )
    replies = SpokenAnswers(1, 8, answers)
    assert len(replies) == 2
    assert replies.get(1, PCM).transcript == "two"
    assert np.all(PCM.decode(replies.get(1, PCM).audio) == 3_000)
    assert len(replies.get(0, FORMATS["audio/pcmu"]).audio) == 1_600


@pytest.mark.parametrize("sizes", [(0, 1, 1), (50, 200, 20), (50, 100, 20_000)])
def test_lengths_that_make_no_sense_are_bad_input(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(BadInput, match="delta"):
        DeltaSizes(*sizes)
