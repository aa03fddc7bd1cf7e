from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import Corpus, load_utterance, obtain_corpus
from harness.errors import BadInput
from harness.model import NoProgress
from harness.simulator.voice.recognising import Recogniser, TranscriptRule, _digest, frames_of
from harness.simulator.voice.sound_formats import PCM

FRAME = b"\x10\x00" * 480
OTHER = b"\x20\x00" * 480


def recogniser(wrong: float = 0.0) -> Recogniser:
    frames = {_digest(FRAME): "one two three four", _digest(OTHER): "five"}
    return Recogniser(TranscriptRule(corpus="x", wrong=wrong, frames=frames), 1, 0)


def test_a_frame_names_what_is_said_once_a_turn() -> None:
    heard = recogniser()
    heard.hear(FRAME, PCM)
    heard.hear(b"\x01\x02" * 480, PCM)
    assert heard.take() == "one two three four"
    heard.hear(FRAME, PCM)
    assert heard.take() == "", "the rest of the same utterance"
    heard.hear(OTHER, PCM)
    assert heard.take() == "five"


def test_a_share_of_the_words_is_wrong() -> None:
    heard, wrong, words = recogniser(0.25), 0, 0
    for _ in range(500):
        for frame in (FRAME, OTHER):
            heard.hear(frame, PCM)
            said = heard.take().split()
            words, wrong = words + len(said), wrong + said.count("blah")
    assert words == 2_500
    assert wrong == pytest.approx(625, abs=90)
    with pytest.raises(BadInput, match="a share from 0 to 1"):
        TranscriptRule(corpus="x", wrong=2)


def test_every_clip_is_known_by_its_frames(tmp_path: Path) -> None:
    made: Corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    assert frames_of(made) == {}, "it has no transcripts"
    clips = tuple(replace(clip, transcript=f"words of {clip.id}") for clip in made.clips[:3])
    frames = frames_of(replace(made, clips=clips))
    assert set(frames.values()) == {clip.transcript for clip in clips}
    one = PCM.encode(load_utterance(made, clips[1].id, 24_000).samples)
    at = 960 * (len(one) // 1_920)
    heard = Recogniser(TranscriptRule(corpus="x", frames=frames), 1, 0)
    heard.hear(one[at : at + 960], PCM)
    assert heard.take() == clips[1].transcript
