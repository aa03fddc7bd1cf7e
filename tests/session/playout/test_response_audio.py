from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.model import AudioFormat, StampBound
from harness.session.playout.response_audio import ResponseAudio
from harness.session.sent_frames import SentFrames

MS = 1_000_000
RATE_HZ = 24_000
BAD = b"bad"


class Raw:
    """A decoder of raw samples, of which a piece `bad` is none."""

    def __init__(self, audio: AudioFormat) -> None:
        self.undecodable = self.items = 0
        self.written, self.foreign = b"", ""
        assert audio.rate_hz == RATE_HZ

    def next_item(self) -> None:
        self.items += 1

    def count(self, audio: bytes) -> int:
        return len(self.decode(audio))

    def decode(self, audio: bytes) -> NDArray[np.int16]:
        if audio == BAD:
            self.undecodable += 1
            return np.empty(0, np.int16)
        self.written = audio
        return np.frombuffer(audio, "<i2").astype(np.int16)


def tone(ms: int) -> bytes:
    samples = np.full(RATE_HZ * ms // 1_000, 6_000, "<i2")
    samples[1::2] = -6_000
    return samples.tobytes()


def silence(ms: int) -> bytes:
    return bytes(2 * RATE_HZ * ms // 1_000)


def heard(
    *pieces: tuple[int, bytes], audio: ResponseAudio | None = None, follow: bool = False
) -> ResponseAudio:
    """Hear pieces at milliseconds."""
    audio = audio or ResponseAudio(AudioFormat(RATE_HZ), Raw)
    for at_ms, piece in pieces:
        audio.hear(piece, at_ms * MS, None, follow=follow)
    return audio


def in_ms(*instants_ns: int | None) -> Sequence[float | None]:
    return [None if at_ns is None else round(at_ns / MS, 1) for at_ns in instants_ns]


def test_silence_at_the_head_is_played_before_the_first_audible_sample() -> None:
    audio = heard((1_000, silence(300)), (1_010, tone(200)))
    # What was heard is known by now, how it is written only after a second of it.
    assert not audio.settled
    assert in_ms(audio.first_audio_ns, audio.audible_ns) == [1_000, 1_300]
    assert in_ms(audio.last_audio_ns, audio.plays_until_ns) == [1_010, 1_500]
    assert heard((1_020, tone(800)), audio=audio).settled


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 400))
def test_how_the_audio_is_cut_does_not_move_its_onset(cuts: list[int], lead_ms: int) -> None:
    data = silence(lead_ms) + tone(500)
    audio = ResponseAudio(AudioFormat(RATE_HZ), Raw)
    at = 0
    for cut in [*cuts, 10_000]:
        piece = data[at : at + 2 * cut * 24]
        at += len(piece)
        heard((1_000, piece), audio=audio)
    audio.finalise()
    assert in_ms(audio.audible_ns) == [1_000 + lead_ms]
    assert audio.counts(None, SentFrames()).samples_received == len(data) // 2


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), max_size=60))
def test_the_last_sound_is_the_same_whenever_it_is_asked_for(
    steps: list[tuple[int, int]],
) -> None:
    # Longer than a hop, shorter than one, of another length, and faint.
    kinds = (tone(20), silence(20), tone(7), (np.frombuffer(tone(20), "<i2") // 600).tobytes())
    often, once = (heard((0, silence(100) + tone(300)), follow=True) for _ in range(2))
    at_ms = 400
    for wait_ms, kind in steps:
        at_ms += wait_ms
        for audio in (often, once):
            heard((at_ms, kinds[kind]), audio=audio, follow=True)
        assert often.sound_ns is not None
    assert often.sound_ns == once.sound_ns
    assert often.counts(None, SentFrames()) == once.counts(None, SentFrames())


def test_audio_of_a_response_that_is_over_is_delivered_but_never_heard() -> None:
    audio = heard((1_000, tone(300)))
    audio.discard(tone(150))
    audio.discard(tone(50))
    counts = audio.counts(None, SentFrames())
    assert counts.audio_deltas == audio.deltas == 3
    assert (counts.samples_received, counts.samples_unheard) == (500 * 24, 200 * 24)
    assert audio.kept_samples == 300 * 24
    assert audio.plays_until_ns == 1_300 * MS


def test_a_response_that_is_stopped_before_it_was_audible_leaves_only_its_count() -> None:
    audio = heard((1_000, silence(500)), (1_010, tone(100)))
    assert audio.audible_ns == 1_500 * MS
    audio.stop(1_200 * MS)
    assert in_ms(audio.first_audio_ns, audio.last_audio_ns, audio.audible_ns) == [None] * 3
    counts = audio.counts(None, SentFrames())
    assert (counts.samples_received, counts.samples_unheard) == (600 * 24, 400 * 24)
    heard((2_000, tone(300)), audio=audio)
    assert in_ms(audio.first_audio_ns, audio.audible_ns) == [2_000, 2_000]


def test_a_response_that_was_audible_when_it_is_stopped_keeps_its_instants() -> None:
    audio = heard((1_000, tone(500)))
    audio.stop(1_200 * MS)
    assert in_ms(audio.audible_ns, audio.plays_until_ns) == [1_000, 1_200]
    assert audio.kept_samples == 200 * 24


def test_the_first_response_after_a_tool_result_is_dated_apart() -> None:
    audio = heard((1_000, tone(300)))
    assert audio.answer_ns is None
    audio.expect_answer()
    audio.next_response()
    heard((3_000, silence(100)), (3_000, tone(300)), audio=audio)
    audio.next_response()
    heard((5_000, tone(300)), audio=audio)
    assert in_ms(audio.audible_ns, audio.answer_ns) == [1_000, 3_100]


def test_an_answer_that_is_stopped_before_it_was_audible_is_none() -> None:
    audio = heard((1_000, tone(300)))
    audio.expect_answer()
    audio.next_response()
    heard((3_000, silence(500)), (3_000, tone(100)), audio=audio)
    assert audio.answer_ns == 3_500 * MS
    audio.stop(3_200 * MS)
    assert in_ms(audio.audible_ns, audio.answer_ns) == [1_000, None]


def test_a_piece_that_cannot_be_decoded_makes_a_later_onset_doubtful() -> None:
    audio = heard((1_000, BAD), (1_010, tone(300)))
    assert audio.undecodable == 1
    assert "could not be decoded" in audio.doubt
    fine = heard((1_000, tone(300)), (1_010, BAD))
    assert (fine.undecodable, fine.doubt) == (0, "")


@pytest.mark.parametrize(("follow", "sound_ms"), [(True, 1_400), (False, 1_200)])
def test_the_last_sound_is_kept_only_while_asked(follow: bool, sound_ms: int) -> None:
    audio = heard(*((1_000, tone(200)), (1_100, tone(200)), (1_200, silence(500))), follow=follow)
    assert in_ms(audio.sound_ns) == [sound_ms]


def test_underruns_are_those_of_a_listener_with_each_buffer() -> None:
    audio = heard((1_000, tone(100)), (1_150, tone(300)))
    short, middle, long = audio.counts(None, SentFrames()).underruns
    assert (short.buffer_ms, middle.buffer_ms, long.buffer_ms) == (20, 60, 200)
    assert (short.count, middle.count, long.count) == (1, 0, 0)
    whole = heard((1_000, tone(400)))
    assert [one.count for one in whole.counts(None, SentFrames()).underruns] == [0, 0, 0]


def test_each_item_of_each_response_begins_with_a_whole_sample() -> None:
    decoders: list[Raw] = []

    def new(audio: AudioFormat) -> Raw:
        decoders.append(Raw(audio))
        return decoders[-1]

    audio = ResponseAudio(AudioFormat(RATE_HZ), new)
    audio.begin_item("i")
    audio.begin_item("i")
    audio.next_response()
    assert sum(decoder.items for decoder in decoders) == 2


def test_what_has_not_been_played_by_now_is_unheard() -> None:
    audio = heard((1_000, tone(400)))
    assert audio.counts(1_100 * MS, SentFrames()).samples_unheard == 300 * 24
    assert audio.counts(2_000 * MS, SentFrames()).samples_unheard == 0
    sending = SentFrames()
    sending.note(1, 0, frames=3, samples=1_440)
    counts = audio.counts(None, sending)
    assert (counts.frames_sent, counts.samples_sent, counts.received_rate_hz) == (3, 1_440, RATE_HZ)


@pytest.mark.parametrize(
    ("first", "answer", "kept"),
    [
        (StampBound(5, 0), StampBound(1, 1), StampBound(5, 0)),
        (StampBound(1, 1), StampBound(0, 5), StampBound(0, 5)),
        (None, StampBound(0, 5), None),
        (StampBound(1, 1), None, None),
    ],
)
def test_the_worse_bound_of_first_sound_and_answer_is_kept(
    first: StampBound | None, answer: StampBound | None, kept: StampBound | None
) -> None:
    audio = ResponseAudio(AudioFormat(RATE_HZ), Raw)
    audio.hear(tone(300), 1_000 * MS, first, follow=False)
    assert audio.bound == first
    audio.expect_answer()
    audio.next_response()
    audio.hear(tone(300), 3_000 * MS, answer, follow=False)
    assert audio.bound == kept
