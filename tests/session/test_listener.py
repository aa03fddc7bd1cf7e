import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.session import Listener

RATE_HZ = 24_000
MS = 1_000_000
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(1, 24_000)), min_size=1, max_size=20
)


def listen(arrivals: list[tuple[int, int]], buffer_ms: int = 0) -> Listener:
    listener, now_ms = Listener(RATE_HZ, buffer_ms), 0
    for gap_ms, samples in arrivals:
        now_ms += gap_ms
        listener.receive(now_ms * MS, samples)
    return listener


def test_a_reply_delivered_faster_than_real_time_is_heard_at_real_time() -> None:
    listener = listen([(100, 24_000), (10, 24_000)])
    assert listener.plays_until_ns == 100 * MS + 2_000 * MS
    assert listener.heard_ns(36_000) == 1_600 * MS
    assert listener.underruns().count == 0


def test_late_audio_is_a_gap_of_its_exact_length() -> None:
    listener = listen([(0, 2_400), (150, 2_400)])
    gaps = listener.underruns()
    assert (gaps.count, gaps.total_ms, gaps.longest_ms) == (1, 50.0, 50.0)
    assert listener.heard_ns(2_400) == 150 * MS


def test_a_buffer_hides_a_gap_shorter_than_itself() -> None:
    assert listen([(0, 2_400), (150, 2_400)], buffer_ms=60).underruns().count == 0
    assert listen([(0, 2_400), (150, 2_400)], buffer_ms=20).underruns().count == 1


def test_what_has_not_arrived_has_not_been_heard() -> None:
    with pytest.raises(ValueError, match="has not arrived"):
        listen([(0, 100)]).heard_ns(101)
    assert Listener(RATE_HZ).plays_until_ns is None


@given(ARRIVALS)
def test_samples_are_heard_in_order_and_never_before_they_arrive(
    arrivals: list[tuple[int, int]],
) -> None:
    listener, now_ms, total = Listener(RATE_HZ), 0, 0
    for gap_ms, samples in arrivals:
        now_ms += gap_ms
        first = total
        listener.receive(now_ms * MS, samples)
        total += samples
        assert listener.heard_ns(first) >= now_ms * MS or first > 0
        assert listener.heard_ns(min(first + 1, total)) >= now_ms * MS
    heard = [listener.heard_ns(sample) for sample in range(0, total, max(1, total // 50))]
    assert heard == sorted(heard)


@given(ARRIVALS, st.sampled_from([20, 60, 200]))
def test_a_larger_buffer_never_underruns_more_often(
    arrivals: list[tuple[int, int]], buffer_ms: int
) -> None:
    assert listen(arrivals, buffer_ms).underruns().count <= listen(arrivals).underruns().count
