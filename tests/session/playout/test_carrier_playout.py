"""When a carrier has played what an agent sent, on a clock we hold."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, CarrierAccount, Encoding
from harness.session import CarrierPlayout

MS = 1_000_000
ULAW = AudioFormat(8_000, Encoding.MULAW)


def _playout(*, returns_cleared: bool = True) -> CarrierPlayout:
    return CarrierPlayout(Base64Audio(ULAW), ULAW.rate_hz, returns_cleared=returns_cleared)


def _audio(ms: int) -> bytes:
    return base64.b64encode(bytes(8 * ms))


def test_a_mark_is_due_when_the_audio_before_it_has_been_played() -> None:
    playout = _playout()
    playout.receive(_audio(100), 0)
    playout.receive(_audio(100), 10 * MS)
    playout.mark("first", 11 * MS)
    playout.receive(_audio(40), 12 * MS)
    playout.mark("second", 13 * MS)
    assert playout.due_ns == 200 * MS
    assert playout.take_due(199 * MS) == []
    assert playout.take_due(200 * MS) == ["first"]
    assert playout.take_due(300 * MS) == ["second"]
    assert playout.due_ns is None


def test_audio_after_silence_begins_when_it_comes() -> None:
    playout = _playout()
    playout.receive(_audio(20), 0)
    playout.receive(_audio(20), 500 * MS)
    playout.mark("m", 501 * MS)
    assert playout.due_ns == 520 * MS


def test_a_piece_of_a_frame_takes_a_whole_one() -> None:
    playout = _playout()
    playout.receive(_audio(21), 0)
    playout.mark("m", 0)
    assert playout.due_ns == 40 * MS


def test_a_mark_with_nothing_before_it_is_due_at_once() -> None:
    playout = _playout()
    playout.mark("m", 7 * MS)
    assert playout.take_due(7 * MS) == ["m"]


@pytest.mark.parametrize(("returns", "names"), [(True, ["a", "b"]), (False, [])])
def test_marks_of_audio_that_is_taken_back(returns: bool, names: list[str]) -> None:
    playout = _playout(returns_cleared=returns)
    playout.receive(_audio(1_000), 0)
    playout.mark("a", 0)
    playout.mark("b", 0)
    playout.clear(300 * MS)
    assert playout.take_due(300 * MS) == names
    playout.receive(_audio(20), 400 * MS)
    playout.mark("c", 400 * MS)
    assert playout.due_ns == 420 * MS


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 300)), max_size=30))
def test_marks_come_back_once_in_order_and_never_before_their_audio_has_come(
    steps: list[tuple[int, int]],
) -> None:
    playout, now_ns, sent = _playout(), 0, 0
    for number, (wait_ms, ms) in enumerate(steps):
        now_ns += wait_ms * MS
        playout.receive(_audio(ms), now_ns)
        sent += ms
        playout.mark(str(number), now_ns)
        assert playout.due_ns is not None
        assert playout.take_due(-1) == []
    last_ns = now_ns + (sent + 20 * len(steps)) * MS
    assert playout.take_due(last_ns) == [str(number) for number in range(len(steps))]


def test_bursts_are_counted_with_and_without_marks() -> None:
    playout = _playout()
    playout.receive(_audio(900), 0)  # no burst: less than a second ahead
    playout.receive(_audio(900), 1_000 * MS)
    playout.receive(_audio(900), 1_010 * MS)
    assert playout.account == CarrierAccount(bursts=1, bursts_unmarked=1)
    playout.mark("m", 1_020 * MS)
    assert playout.account == CarrierAccount(bursts=1)
    playout.receive(_audio(3_000), 5_000 * MS)
    playout.clear(5_100 * MS)
    playout.receive(_audio(20), 5_200 * MS)
    assert playout.account == CarrierAccount(bursts=2, bursts_unmarked=1, clears=1, marks_cleared=1)


def test_audio_at_the_pace_of_its_playout_is_no_burst() -> None:
    playout = _playout()
    for piece in range(200):
        playout.receive(_audio(40), piece * 40 * MS)
    assert playout.account == CarrierAccount()
