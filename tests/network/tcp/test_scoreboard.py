from harness.network.tcp.scoreboard import Scoreboard


def sent(count: int, every_ms: float = 20.0) -> Scoreboard:
    board = Scoreboard(rtt_ms=40.0)
    for number in range(count):
        assert board.add(100 * number, 100 * number + 100) == number
        board.sent(number, every_ms * number)
    return board


def test_what_was_sent_is_in_flight_until_it_is_acknowledged() -> None:
    board = sent(3)
    assert (board.in_flight, board.outstanding, board.sacked) == (3, 3, 0)
    assert board.acknowledge(0, 40.0)
    board.advance(1)
    assert (board.in_flight, board.outstanding, board.sacked) == (2, 2, 0)
    assert board.head is board.segments[1]
    board.advance(0)
    assert board.una == 1  # an old acknowledgement takes nothing back


def test_a_segment_is_lost_only_once_a_later_one_has_arrived() -> None:
    board = sent(3)
    assert board.find_lost(1_000.0, 10.0) == (0, False, 0.0)
    board.acknowledge(1, 60.0)
    assert board.sacked == 1
    # Sent at 0, a round trip of 40 ms and 10 ms of reordering: 30 ms more from 20 ms on.
    assert board.find_lost(20.0, 10.0) == (0, False, 30.0)
    assert board.find_lost(50.0, 10.0) == (1, False, 0.0)
    assert list(board.lost()) == [0]
    assert board.in_flight == 1


def test_a_segment_that_was_sent_again_and_lost_again_is_told() -> None:
    board = sent(2)
    board.segments[0].retransmitted = True
    board.acknowledge(1, 60.0)
    assert board.find_lost(200.0, 0.0) == (1, True, 0.0)


def test_an_answer_sooner_than_any_round_trip_is_ambiguous() -> None:
    board = sent(1)
    board.segments[0].retransmitted = True
    assert not board.acknowledge(0, 10.0)
    assert board.rtt_ms == 40.0


def test_three_that_arrived_out_of_order_leave_no_room_for_reordering() -> None:
    board = sent(4)
    assert board.window_ms(srtt_ms=5.0) == 5.0
    assert board.window_ms(srtt_ms=500.0) == 10.0  # a quarter of the shortest round trip
    for number in (1, 2, 3):
        board.acknowledge(number, 20.0 * number + 40.0)
    assert board.window_ms(srtt_ms=500.0) == 0.0


def test_a_timeout_spares_what_was_sent_within_the_last_round_trip_and_can_be_undone() -> None:
    board = sent(4)
    board.acknowledge(2, 80.0)
    board.give_up_all(now_ms=90.0)
    assert list(board.lost()) == [0, 1]
    assert board.in_flight == 1
    board.unmark_all()
    assert list(board.lost()) == []
    assert board.in_flight == 3


def test_the_oldest_is_given_up_however_recent_it_is() -> None:
    board = sent(2)
    board.give_up_all(now_ms=1.0)
    assert list(board.lost()) == [0]
