"""Ready speech: within its bound, never taken from a call that goes on, made off the loop."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from harness.corpus import Corpus, cut_frames, encode_utterance, load_utterance, obtain_corpus
from harness.dialects import OpenAIRealtime
from harness.engine.speech import MEMORY_MB, Speech, encode_corpus, memory_bytes
from harness.errors import BadInput
from harness.model import NoProgress
from harness.transport import ready_message

FRAME_MS = 100


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    made = obtain_corpus("synthetic", tmp_path_factory.mktemp("cache"), NoProgress())
    return replace(made, clips=made.clips[:4])


def _speech(corpus: Corpus, cache: Path, most_bytes: int = 1 << 30) -> Speech:
    dialect = OpenAIRealtime()
    return Speech(corpus, dialect, FRAME_MS, 15.0, cache=cache, most_bytes=most_bytes)


def _names(corpus: Corpus) -> list[str]:
    return [clip.id for clip in corpus.clips]


def _unmasked(message: bytes) -> bytes:
    """Return the payload of a masked text frame of medium or long length."""
    at = {126: 4, 127: 10}[message[1] & 127]
    key, body = message[at : at + 4], message[at + 4 :]
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(body))


def test_an_utterance_is_encoded_as_ready_messages(corpus: Corpus, tmp_path: Path) -> None:
    dialect, name = OpenAIRealtime(), _names(corpus)[0]
    (utterance,) = _speech(corpus, tmp_path).take([name])
    loaded = load_utterance(corpus, name, dialect.audio.rate_hz)
    cut = cut_frames(encode_utterance(loaded, dialect.audio), dialect.audio, FRAME_MS)
    assert [_unmasked(message) for message in utterance.messages] == [
        dialect.append_audio(frame) for frame in cut
    ]
    assert len(utterance.messages[0]) == len(ready_message(dialect.append_audio(cut[0])))
    assert utterance.end_sample == loaded.speech_end_sample
    assert utterance.onset_sample == loaded.speech_onset_sample


def test_a_line_says_how_loud_its_frames_are(corpus: Corpus, tmp_path: Path) -> None:
    utterance = _speech(corpus, tmp_path).encode(_names(corpus)[0])
    assert len(utterance.levels) == len(utterance.messages)
    # Silence goes before and after the speech, which is loud all through.
    first, last = (mark // 2_400 for mark in (utterance.onset_sample, utterance.end_sample))
    assert set(utterance.levels[:first]) | set(utterance.levels[last + 1 :]) == {0}
    assert min(utterance.levels[first : last + 1]) > 20


def test_two_calls_share_a_line(corpus: Corpus, tmp_path: Path) -> None:
    speech, name = _speech(corpus, tmp_path), _names(corpus)[0]
    first, second = speech.take([name]), speech.take([name, name])
    assert all(utterance is first[0] for utterance in second)


def test_memory_keeps_to_its_bound_and_the_least_recently_used_goes(
    corpus: Corpus, tmp_path: Path
) -> None:
    a, b, c, _ = _names(corpus)
    whole = _speech(corpus, tmp_path)
    whole.take([a, b, c])
    speech = _speech(corpus, tmp_path, most_bytes=whole.bytes_kept - 1)
    kept = {}
    for name in (a, b, a, c):
        (kept[name],) = speech.take([name])
        speech.release([name])
        assert speech.bytes_kept < whole.bytes_kept
    assert speech.take([a])[0] is kept[a]
    assert speech.take([b])[0] is not kept[b]


def test_a_call_keeps_its_lines_whatever_others_need(corpus: Corpus, tmp_path: Path) -> None:
    a, b, c, d = _names(corpus)
    speech = _speech(corpus, tmp_path, most_bytes=1)
    (mine,) = speech.take([a])
    for name in (b, c, d):
        speech.take([name])
        speech.release([name])
    assert speech.take([a])[0] is mine
    speech.release([a])
    assert speech.bytes_kept > 0
    speech.release([a])
    assert speech.bytes_kept == 0


def test_what_is_said_first_is_made_ready_first_as_far_as_memory_goes(
    corpus: Corpus, tmp_path: Path
) -> None:
    class Told(NoProgress):
        said = ""

        def step(self, what: str, unit: str = "bytes") -> None:
            self.said = what

    a, b, c, d = _names(corpus)
    whole = _speech(corpus, tmp_path)
    whole.take([c, a])
    speech, told = _speech(corpus, tmp_path, most_bytes=whole.bytes_kept), Told()
    speech.prepare([c, c, a, b, d], told)
    assert speech.bytes_kept == whole.bytes_kept
    assert told.said.startswith("Speech: 2 of 4 clips are ready and take ")
    assert told.said.endswith("of memory, of at most 0 MB")


def test_callers_that_share_a_thread_go_on_while_a_line_is_made(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech, name = _speech(corpus, tmp_path), _names(corpus)[0]
    made_by, make = [], speech.encode
    others_went_on = threading.Event()

    def slowly(name: str) -> object:
        made_by.append(threading.get_ident())
        assert others_went_on.wait(10)
        return make(name)

    monkeypatch.setattr(speech, "encode", slowly)
    callers = [gevent.spawn(speech.take, [name]) for _ in range(3)]
    gevent.spawn(others_went_on.set)
    gevent.joinall(callers, raise_error=True)
    assert len(made_by) == 1
    assert made_by[0] != threading.get_ident()


def test_a_recording_that_has_gone_is_bad_input_and_holds_nothing(
    corpus: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    moved = replace(corpus, folder=tmp_path / "moved")
    shutil.copytree(corpus.folder, moved.folder)
    a, b, *_ = corpus.clips
    (moved.folder / b.path).unlink()
    speech = _speech(moved, tmp_path / "cache", most_bytes=0)
    with pytest.raises(BadInput, match=b.id):
        speech.take([a.id, b.id])
    assert speech.bytes_kept == 0
    assert capfd.readouterr().err == ""


def test_the_bound_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory_bytes() == 256 << 20
    monkeypatch.setenv(MEMORY_MB, "8")
    assert memory_bytes() == 8 << 20


def test_a_small_corpus_is_encoded_at_once(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    utterances, wire_format = encode_corpus(corpus, OpenAIRealtime(), FRAME_MS, 15.0)
    assert list(utterances) == _names(corpus)
    assert wire_format.frame_samples == 2_400
    assert {
        len(message) for utterance in utterances.values() for message in utterance.messages
    } == {len(wire_format.silence)}
