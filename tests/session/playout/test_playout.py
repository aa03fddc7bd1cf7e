import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import StampBound
from harness.session import Playout

RATE_HZ = 24_000
MS = 1_000_000
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(1, 24_000)), min_size=1, max_size=20
)


def listen(arrivals: list[tuple[int, int]], buffer_ms: int = 0) -> Playout:
    listener, now_ms = Playout(RATE_HZ, buffer_ms), 0
    for gap_ms, samples in arrivals:
        now_ms += gap_ms
        listener.receive(now_ms * MS, samples)
    return listener


def test_a_response_delivered_faster_than_real_time_is_heard_at_real_time() -> None:
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
    assert Playout(RATE_HZ).plays_until_ns is None


@given(ARRIVALS)
def test_samples_are_heard_in_order_and_never_before_they_arrive(
    arrivals: list[tuple[int, int]],
) -> None:
    listener, now_ms, total = Playout(RATE_HZ), 0, 0
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


def test_a_gap_between_two_responses_is_no_underrun_and_one_within_either_is() -> None:
    listener = listen([(0, 2_400)])
    listener.next_response()
    listener.receive(500 * MS, 2_400)
    assert listener.underruns().count == 0
    assert listener.heard_ns(2_400) == 500 * MS
    listener.receive(700 * MS, 2_400)
    assert (listener.underruns().count, listener.underruns().total_ms) == (1, 100.0)


def test_a_second_response_is_heard_after_the_first_when_it_comes_before_its_end() -> None:
    listener = listen([(0, 24_000)])
    listener.next_response()
    listener.receive(300 * MS, 2_400)
    assert listener.heard_ns(24_000) == 1_000 * MS


def test_what_is_discarded_is_delivered_but_never_heard() -> None:
    listener = listen([(0, 24_000)])
    listener.stop(250 * MS)
    assert (listener.samples, listener.unheard()) == (24_000, 18_000)
    assert listener.plays_until_ns == 250 * MS
    assert listener.heard_ns(5_999) < 250 * MS
    with pytest.raises(ValueError, match="discarded"):
        listener.heard_ns(6_000)
    listener.receive(900 * MS, 2_400)
    assert listener.underruns().count == 0
    assert listener.heard_ns(24_000) == 900 * MS
    assert listener.unheard() == 18_000


def test_what_is_stopped_before_its_buffer_has_filled_was_not_heard_at_all() -> None:
    listener = listen([(0, 2_400)], buffer_ms=200)
    listener.stop(100 * MS)
    assert listener.plays_until_ns is None
    assert listener.unheard() == 2_400


def test_what_comes_the_moment_it_was_stopped_is_heard_from_then_on() -> None:
    listener = listen([(0, 24_000)])
    listener.stop(250 * MS)
    listener.receive(250 * MS, 2_400)
    assert listener.heard_ns(24_000) == 250 * MS
    assert listener.plays_until_ns == 350 * MS


def test_stopping_what_has_been_played_out_throws_nothing_away() -> None:
    listener = listen([(0, 2_400)])
    listener.stop(100 * MS)
    assert listener.unheard() == 0
    assert Playout(RATE_HZ).unheard(0) == 0


def test_a_listener_who_leaves_has_not_heard_the_rest() -> None:
    listener = listen([(0, 24_000)])
    assert [listener.unheard(ms * MS) for ms in (0, 250, 1_000, 2_000)] == [24_000, 18_000, 0, 0]
    assert listener.unheard() == 0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("audio"), st.integers(0, 500), st.integers(0, 12_000)),
            st.tuples(st.sampled_from(["stop", "next"]), st.integers(0, 500), st.just(0)),
        ),
        max_size=20,
    ),
    st.sampled_from([0, 20, 60, 200]),
)
def test_heard_and_unheard_always_add_up_to_what_arrived(
    steps: list[tuple[str, int, int]], buffer_ms: int
) -> None:
    listener, now_ms = Playout(RATE_HZ, buffer_ms), 0
    for what, gap_ms, samples in steps:
        now_ms += gap_ms
        if what == "audio":
            listener.receive(now_ms * MS, samples)
        elif what == "stop":
            listener.stop(now_ms * MS)
        else:
            listener.next_response()
    heard: list[int] = []
    for sample in range(0, listener.samples, 240):
        try:
            heard.append(listener.heard_ns(sample))
        except ValueError:
            continue
    assert heard == sorted(heard)
    until_ns = listener.plays_until_ns
    assert 0 <= listener.unheard() <= listener.samples
    assert abs(len(heard) * 240 - (listener.samples - listener.unheard())) <= 240 * (len(steps) + 1)
    assert until_ns is None or not heard or heard[-1] <= until_ns
    gaps = listener.underruns()
    assert gaps.longest_ms <= gaps.total_ms
    assert (gaps.count == 0) == (gaps.total_ms == 0)


def test_what_is_heard_is_as_uncertain_as_when_its_playing_began() -> None:
    began, later, anew = StampBound(5, 0), StampBound(90, 0), StampBound(0, 7)
    listener = Playout(RATE_HZ)
    listener.receive(100 * MS, 2_400, began)
    # While the first is played the next one arrives: when exactly makes no difference.
    listener.receive(150 * MS, 2_400, later)
    listener.receive(500 * MS, 2_400, anew)
    assert [listener.bound_of(sample) for sample in (0, 2_400, 4_799, 4_800)] == [
        *(began, began, began),
        anew,
    ]
    listener.receive(900 * MS, 2_400)
    assert listener.bound_of(7_200) is None


@given(ARRIVALS, st.integers(0, 5_000), st.integers(0, 5_000))
def test_spans_hold_what_was_heard_by_then_where_it_was_heard(
    arrivals: list[tuple[int, int]], stop_ms: int, now_ms: int
) -> None:
    listener = listen(arrivals)
    listener.stop(stop_ms * MS)
    spans = list(listener.spans(now_ms * MS))
    for span in spans:
        assert span.start_ns == listener.heard_ns(span.first)
        assert listener.heard_ns(span.end - 1) <= now_ms * MS
    all_heard = sum(span.end - span.first for span in listener.spans(1_000_000 * MS))
    assert all_heard == listener.samples - listener.unheard()
    gaps = [(span.starved_ns, span.start_ns) for span in spans if span.starved_ns is not None]
    assert all(begin < end for begin, end in gaps if begin is not None)


def test_spans_tell_underruns_and_leave_out_what_was_cut_off() -> None:
    listener = listen([(0, 2_400), (150, 4_800)])
    listener.stop(200 * MS)
    first, second = listener.spans(1_000 * MS)
    assert (first.first, first.end, first.start_ns, first.starved_ns) == (0, 2_400, 0, None)
    assert (second.first, second.end, second.start_ns) == (2_400, 3_600, 150 * MS)
    assert second.starved_ns == 100 * MS
