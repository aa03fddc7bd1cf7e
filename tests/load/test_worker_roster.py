"""The master's account of who holds which calls."""

from dataclasses import replace

import pytest

from harness.load.share import Share
from harness.load.worker_roster import WorkerRoster, dropped_turn
from harness.model import CallPlan, SessionRecord, TurnRecord, TurnStatus
from harness.plan import Dialogue, Seeds, draw_call
from harness.recording import Batch


def call(number: int) -> CallPlan:
    return draw_call(
        number,
        seeds=Seeds.from_one(1),
        dialogue=Dialogue(turns=2),
        utterance_ids=["a", "b"],
        network="none",
        frame_ns=20_000_000,
    )


@pytest.fixture
def roster() -> WorkerRoster:
    shares = {name: Share(origin_ns=0, slot=slot, slots=2) for slot, name in enumerate("ab")}
    return WorkerRoster(shares, calls=6)


def ended(number: int) -> SessionRecord:
    return SessionRecord(
        session_id=f"call-{number:06d}",
        call_number=number,
        network="none",
        frames_intended=1,
        frames_sent=1,
        turns_planned=2,
    )


def a_turn(number: int, index: int) -> TurnRecord:
    made = dropped_turn(call(number), index, 1000.0, "x", "")
    return replace(made, status=TurnStatus.TIMEOUT)


def test_a_lost_worker_is_named_once_with_the_calls_that_it_left(roster: WorkerRoster) -> None:
    batch = Batch(turns=[a_turn(3, 0)], sessions=[ended(1)])
    roster.note("b", batch, idle=False, last=False)
    ((words, turns),) = roster.newly_lost({"a"}, call, 1000.0)
    assert "worker b" in words
    assert "2 of its calls" in words
    assert [(turn.session_id, turn.turn_index) for turn in turns] == [
        ("call-000003", 1),
        ("call-000005", 0),
    ]
    assert {turn.status for turn in turns} == {TurnStatus.DROPPED}
    assert not list(roster.newly_lost({"a"}, call, 1000.0))


def test_a_run_is_idle_when_those_who_are_left_are(roster: WorkerRoster) -> None:
    roster.note("a", Batch(), idle=True, last=False)
    before = roster.idle
    list(roster.newly_lost({"a"}, call, 1000.0))
    assert (before, roster.idle, roster.collected) == (False, True, False)
    roster.note("a", Batch(), idle=True, last=True)
    assert roster.collected


def test_who_sent_the_last_batch_is_not_lost(roster: WorkerRoster) -> None:
    roster.note("a", Batch(), idle=True, last=True)
    roster.note("b", Batch(), idle=True, last=True)
    assert not list(roster.newly_lost(set(), call, 1000.0))


def test_without_a_number_of_calls_a_lost_worker_leaves_none() -> None:
    roster = WorkerRoster({"a": Share(origin_ns=0)}, calls=None)
    ((words, turns),) = roster.newly_lost(set(), call, 1000.0)
    assert "worker a" in words
    assert turns == []
