from hypothesis import given
from hypothesis import strategies as st

from harness.network.tcp.window import Window


def used(window: Window, nxt: int) -> None:
    window.note_use(window.size, window.size, nxt - window.size, nxt)


def test_slow_start_grows_by_what_arrives() -> None:
    window = Window()
    used(window, 10)
    window.grow(0.0, 10, 40.0)
    assert window.size == 20


def test_a_window_that_does_not_hold_the_sender_back_stays() -> None:
    window = Window()
    window.note_use(1, 1, 0, 1)
    window.grow(0.0, 1, 40.0)
    assert window.size == 10


def test_recovery_ends_at_seven_tenths_and_never_below_two() -> None:
    window = Window()
    window.enter_recovery()
    window.leave_recovery()
    assert window.size == 10 * 717 // 1024 == 7
    for _ in range(10):
        window.enter_recovery()
        window.leave_recovery()
    assert window.size == 2


def test_the_first_packet_of_a_recovery_may_always_leave() -> None:
    window = Window()
    window.enter_recovery()
    window.reduce(1, 9, advanced=False, more_lost=True)
    assert window.size == 10
    window.sent_in_recovery()
    window.reduce(0, 5, advanced=True, more_lost=False)
    assert window.size == 10  # nothing arrived, nothing changes


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_recovery_sends_no_more_than_its_share_of_what_arrives(arrivals: list[int]) -> None:
    window = Window()
    window.enter_recovery()
    in_flight, arrived, sent = 20, 0, 0
    for delivered in arrivals:
        in_flight = max(0, in_flight - delivered)
        arrived += delivered
        window.reduce(delivered, in_flight, advanced=True, more_lost=False)
        while in_flight < window.size:
            in_flight += 1
            sent += 1
            window.sent_in_recovery()
    assert sent <= max(arrived + len(arrivals), 1)


def test_a_timeout_starts_from_one_packet_and_cuts_the_threshold_once() -> None:
    window = Window()
    window.collapse(0, afresh=True)
    assert (window.size, window.threshold) == (1, 7)
    window.collapse(2, afresh=False)
    assert (window.size, window.threshold) == (3, 7)


def test_after_a_cut_cubic_grows_back_slower_than_slow_start() -> None:
    window = Window()
    window.enter_recovery()
    window.leave_recovery()
    at_ms, rounds = 0.0, 0
    while window.size < 10:
        used(window, 100 * (rounds + 1))
        window.grow(at_ms, window.size, 40.0)
        at_ms, rounds = at_ms + 40.0, rounds + 1
    assert rounds > 3
