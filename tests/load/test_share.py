"""Shares on their way from the master to a worker."""

from harness.clock import now_ns
from harness.load.share import Share


def test_shares_of_all_workers_are_the_whole_schedule() -> None:
    shares = [Share(origin_ns=0, slot=slot, slots=3) for slot in range(3)]
    held = sorted(share.number(index) for share in shares for index in range(4))
    assert held == list(range(12))


def test_a_share_arrives_as_it_was_sent_on_the_same_clock() -> None:
    share = Share(origin_ns=now_ns() - 5_000, slot=1, slots=4)
    assert Share.unpack(share.pack()) == share


def test_on_another_clock_the_origin_is_as_long_ago_as_on_the_masters() -> None:
    share = Share(origin_ns=now_ns() - 3_000_000_000)
    message = share.pack()
    started_later_ns = 1_000_000_000_000_000
    message["now_ns"] += started_later_ns
    message["origin_ns"] += started_later_ns
    found = Share.unpack(message)
    assert abs(found.origin_ns - share.origin_ns) < 1_000_000_000
