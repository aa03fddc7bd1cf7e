from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.corpus import (
    DISK_MB,
    EncodedStore,
    cut_frames,
    disk_bytes,
    encode_utterance,
    encoded_folder,
    load_utterance,
    obtain_corpus,
    silence_frame,
)
from harness.corpus.encoding.utterances import load_clip
from harness.corpus.encoding.wire import encode
from harness.corpus.sources.obtain import Corpus
from harness.errors import BadInput
from harness.model import AudioFormat, Clip, Encoding, NoProgress, Utterance

FORMATS = [
    AudioFormat(rate_hz=24_000),
    AudioFormat(rate_hz=16_000),
    AudioFormat(rate_hz=8_000, encoding=Encoding.MULAW),
    AudioFormat(rate_hz=8_000, encoding=Encoding.ALAW),
]


@pytest.fixture
def corpus(tmp_path: Path, write_speech: Callable[..., Path]) -> Corpus:
    for seed in (2, 3, 4):
        write_speech(tmp_path / "corpus" / f"{seed}.wav", seed=seed)
    return obtain_corpus(str(tmp_path / "corpus"), tmp_path / "cache", NoProgress())


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: f"{fmt.encoding}-{fmt.rate_hz}")
@pytest.mark.parametrize("samples", [2, 159, 160, 161, 5_000])
def test_frames_are_equal_and_hold_every_sample_then_silence(
    fmt: AudioFormat, samples: int
) -> None:
    said = Utterance(
        id="u",
        samples=np.arange(samples, dtype=np.int16) - 100,
        rate_hz=fmt.rate_hz,
        speech_onset_sample=0,
        speech_end_sample=samples - 1,
        end_uncertainty_ms=0.0,
    )
    whole = encode(said.samples, fmt.encoding)
    cut = cut_frames(encode_utterance(said, fmt), fmt, 20)
    size = fmt.frame_samples(20) * fmt.encoding.bytes_per_sample
    assert {len(frame) for frame in cut} == {size}
    sent = b"".join(cut)
    assert sent[: len(whole)] == whole
    padding = sent[len(whole) :]
    assert len(padding) < size
    assert padding == silence_frame(fmt, size)[: len(padding)]


def test_an_utterance_at_another_rate_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="16000 Hz, not 8000 Hz"):
        encode_utterance(load_utterance(corpus, "2", 16_000), AudioFormat(rate_hz=8_000))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: f"{fmt.encoding}-{fmt.rate_hz}")
@pytest.mark.parametrize("frame_ms", [10, 20, 200])
def test_frames_are_those_of_the_utterance(
    corpus: Corpus, tmp_path: Path, fmt: AudioFormat, frame_ms: int
) -> None:
    store = EncodedStore(corpus, fmt, tmp_path / "cache")
    for _ in ("encoded", "from disk"):
        utterance = load_utterance(corpus, "2", fmt.rate_hz)
        expected = cut_frames(encode_utterance(utterance, fmt), fmt, frame_ms)
        kept = store.get("2")
        assert cut_frames(kept, fmt, frame_ms) == expected
        assert len({len(frame) for frame in expected}) == 1
        assert kept.end_sample == utterance.speech_end_sample
        assert kept.onset_sample == utterance.speech_onset_sample


def test_what_is_on_disk_is_not_encoded_again_unless_it_is_damaged(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    audio = EncodedStore(corpus, FORMATS[0], cache).get("2").audio
    read: list[str] = []

    def watched(corpus: Corpus, clip: Clip, rate_hz: int) -> object:
        read.append(clip.id)
        return load_clip(corpus, clip, rate_hz)

    monkeypatch.setattr("harness.corpus.encoding.encoded.load_clip", watched)
    assert EncodedStore(corpus, FORMATS[0], cache).get("2").audio == audio
    assert read == []
    (kept,) = (cache / "encoded").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert EncodedStore(corpus, FORMATS[0], cache).get("2").audio == audio
    assert read == ["2"]


def test_the_disk_is_bounded_as_the_environment_says(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert disk_bytes() == 2_048 << 20
    monkeypatch.setenv(DISK_MB, "0")
    assert EncodedStore(corpus, FORMATS[0], tmp_path / "cache").get("2").audio
    assert encoded_folder(tmp_path / "cache").bytes_kept() == 0
    for wrong in ("much", "-1", "1.5"):
        monkeypatch.setenv(DISK_MB, wrong)
        with pytest.raises(BadInput, match=f"{DISK_MB}: .* no number of megabytes"):
            EncodedStore(corpus, FORMATS[0], tmp_path / "cache")


def test_a_cache_that_cannot_be_written_only_costs_time(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert EncodedStore(corpus, FORMATS[0], tmp_path / "file").get("2").audio


def test_odd_frames_and_unknown_clips_are_bad_input(corpus: Corpus, tmp_path: Path) -> None:
    store = EncodedStore(corpus, FORMATS[0], tmp_path / "cache")
    for frame_ms in (5, 250):
        with pytest.raises(BadInput, match="10 to 200"):
            cut_frames(store.get("2"), FORMATS[0], frame_ms)
    with pytest.raises(BadInput, match="no clip"):
        store.get("none")
    first = cut_frames(store.get("2"), FORMATS[0], 10)[0]
    assert np.frombuffer(first, dtype="<i2").size == 240
