"""Messages twice, and every fourth after the next; never one lost."""

import pytest

from harness.simulator.chance.faults import Faults
from harness.simulator.wire.message_faults import with_message_faults

END = b'{"type":"response.done"}'


def _sent(fault: str, messages: list[bytes]) -> list[bytes]:
    sent: list[bytes] = []
    send = with_message_faults(sent.append, Faults({fault: 0.0} if fault else {}))
    for message in messages:
        send(message)
    return sent


def test_without_a_fault_nothing_stands_in_between() -> None:
    sent: list[bytes] = []
    send = sent.append
    assert with_message_faults(send, Faults({"gap": 800.0})) is send


def test_every_message_is_sent_twice() -> None:
    assert _sent("duplicated", [b"1", b"2"]) == [b"1", b"1", b"2", b"2"]


def test_every_fourth_changes_places_with_the_next() -> None:
    found = _sent("reordered", [b"%d" % number for number in range(1, 10)])
    assert found == [b"1", b"2", b"3", b"5", b"4", b"6", b"7", b"9", b"8"]


@pytest.mark.parametrize("before", range(9))
def test_the_end_of_a_response_is_never_held_back(before: int) -> None:
    messages = [*(b"%d" % number for number in range(before)), END]
    found = _sent("reordered", messages)
    assert sorted(found) == sorted(messages)
    assert END in found[-2:]


def test_the_fault_is_noted() -> None:
    faults = Faults({"reordered": 0.0})
    with_message_faults(lambda _: None, faults)
    assert faults.applied == "reordered"
