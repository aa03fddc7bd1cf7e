from harness.network.tcp.receiver import Receiver
from harness.network.tcp.scoreboard import Segment


def take(receiver: Receiver, number: int, size: int, now_ms: float, *, pushed: bool = True) -> bool:
    segment = Segment(number * size, (number + 1) * size)
    segment.pushed = pushed
    return receiver.take(number, segment, now_ms)


def test_messages_are_delivered_in_order_when_the_gap_closes() -> None:
    receiver = Receiver(message_bytes=100)
    take(receiver, 0, 100, 1.0)
    take(receiver, 2, 100, 2.0)
    assert (receiver.next, receiver.delivered) == (1, [1.0])
    take(receiver, 1, 100, 30.0)
    assert (receiver.next, receiver.delivered) == (3, [1.0, 30.0, 30.0])
    assert receiver.received == [0, 2, 1]


def test_a_message_of_two_segments_is_there_with_the_second() -> None:
    receiver = Receiver(message_bytes=200)
    take(receiver, 0, 100, 1.0)
    assert receiver.delivered == []
    take(receiver, 1, 100, 2.0)
    assert receiver.delivered == [2.0]


def test_gaps_and_repetitions_are_answered_at_once() -> None:
    receiver = Receiver(message_bytes=100)
    take(receiver, 0, 100, 1.0)
    receiver.answered()
    assert take(receiver, 2, 100, 2.0)
    assert take(receiver, 2, 100, 3.0)
    assert receiver.received == [0, 2]


def test_the_end_of_a_write_is_answered_at_once_and_the_middle_is_not() -> None:
    receiver = Receiver(message_bytes=100)
    assert take(receiver, 0, 100, 1.0)
    receiver.answered()
    assert not take(receiver, 1, 100, 2.0, pushed=False)
    # Linux answers every second full segment, since its window grows meanwhile.
    assert take(receiver, 2, 100, 3.0, pushed=False)
