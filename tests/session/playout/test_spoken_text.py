"""Text as a carrier speaks it: the first text begins it, each character takes so long."""

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Interrupted, StampBound, TurnCounts
from harness.session.playout.spoken_text import CHARACTER_MS, SpokenText
from harness.session.sent_frames import SentFrames

MS = 1_000_000


def hear(spoken: SpokenText, text: str, at_ms: int, bound: StampBound | None = None) -> None:
    spoken.hear(text.encode(), at_ms * MS, bound, follow=False)


def test_it_begins_with_the_first_text_and_takes_its_time() -> None:
    spoken = SpokenText()
    hear(spoken, "Hello", 1_000, StampBound(3, 4))
    hear(spoken, " you", 1_050, StampBound(9, 9))
    assert spoken.audible_ns == 1_000 * MS
    assert spoken.bound == StampBound(3, 4)
    assert spoken.plays_until_ns == (1_000 + 9 * CHARACTER_MS) * MS
    assert spoken.instants() == {"first_text_ns": 1_000 * MS}


def test_what_was_said_when_the_caller_begins_is_told() -> None:
    spoken = SpokenText()
    hear(spoken, "Hello you", 1_000)
    spoken.stop((1_000 + 5 * CHARACTER_MS) * MS)
    assert spoken.cut_off() == Interrupted("Hello", 5 * CHARACTER_MS)


def test_no_samples_are_counted() -> None:
    spoken = SpokenText()
    hear(spoken, "Hello", 1_000)
    spoken.discard(b"late")
    assert spoken.counts(None, SentFrames()) == TurnCounts(audio_deltas=2)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.text(min_size=1, max_size=20)), max_size=20),
    st.integers(0, 9_000),
)
def test_never_more_is_told_than_came(pieces: list[tuple[int, str]], stop_ms: int) -> None:
    spoken, at_ms, whole = SpokenText(), 0, ""
    for gap_ms, text in pieces:
        if at_ms + gap_ms > stop_ms:
            break
        at_ms += gap_ms
        hear(spoken, text, at_ms)
        whole += text
    spoken.stop(stop_ms * MS)
    told = spoken.cut_off()
    assert whole.startswith(told.heard)
    assert told.heard_ms <= stop_ms
