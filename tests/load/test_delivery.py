"""Records between worker and master over a connection that loses messages at will."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.load import delivery
from harness.load.delivery import MOST_UNDER_WAY, Inbox, Outbox
from harness.recording import Batch
from tests.analysis.conftest import build_turn

RUN = 77


class Link:
    """A worker and its master; messages arrive when they are let through."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.written: list[str] = []
        self.states: list[bool] = []
        self.outbox = Outbox(self.sent.append, RUN)
        self.inbox = Inbox(lambda worker, message: self.told.append(message), RUN)

    def put(self, *sessions: str, last: bool = False) -> None:
        turns = [build_turn(500.0, session=name) for name in sessions]
        self.outbox.put(Batch(turns=turns), {"last": last})

    def pass_on(self, *, arrives: bool = True, is_heard: bool = True) -> None:
        """Let what was sent arrive, and what is told of it be heard, or lose it."""
        sent, self.sent[:] = list(self.sent), []
        for message in sent if arrives else ():
            if self.inbox.is_due("w", message):
                self.written += [turn.session_id for turn in Batch.unpack(message).turns]
                self.states.append(bool(message.get("last")))
                self.inbox.taken("w")
        told, self.told[:] = list(self.told), []
        for message in told if is_heard else ():
            self.outbox.acknowledge(message)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_every_record_is_written_once_and_in_order_whatever_is_lost(
    fates: list[tuple[bool, bool]],
) -> None:
    link = Link()
    for at, (arrives, is_heard) in enumerate(fates):
        link.put(f"a{at}", f"b{at}")
        link.pass_on(arrives=arrives, is_heard=is_heard)
        link.outbox.send_again()
    for _ in range(2 + len(fates)):
        link.outbox.send_again()
        link.pass_on()
    assert link.written == [f"{name}{at}" for at in range(len(fates)) for name in "ab"]
    assert link.outbox.empty


def test_a_message_has_a_bounded_number_of_records_and_the_state_comes_last(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(delivery, "MOST_RECORDS", 3)
    link = Link()
    names = [f"s{n}" for n in range(10)]
    link.put(*names, last=True)
    assert [len(Batch.unpack(message).turns) for message in link.sent] == [3, 3, 3, 1]
    link.pass_on()
    assert link.written == names
    assert link.states == [False, False, False, True]


def test_few_messages_are_under_way_at_once() -> None:
    link = Link()
    for at in range(3 * MOST_UNDER_WAY):
        link.put(f"s{at}")
    assert len(link.sent) == MOST_UNDER_WAY
    link.pass_on()
    assert len(link.sent) == MOST_UNDER_WAY
    link.outbox.send_again()
    assert len(link.sent) == MOST_UNDER_WAY, "the master is heard of: nothing goes out twice"


def test_records_of_another_run_are_not_taken() -> None:
    link = Link()
    link.put("old")
    stale, link.inbox = link.sent[0], Inbox(lambda worker, message: None, RUN + 1)
    assert not link.inbox.is_due("w", stale)
    link.outbox.acknowledge({"run": RUN + 1, "number": 0})
    assert not link.outbox.empty
