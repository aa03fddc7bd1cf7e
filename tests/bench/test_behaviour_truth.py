"""Made-up records beside made-up truths: which differences and which signs come of them."""

from dataclasses import replace
from typing import Any

import pytest

from harness.bench.behaviour_truth import (
    Truth,
    dealing,
    endpoint_error,
    fault_finding,
    is_deaf,
    is_double,
    is_premature,
    stop_error,
    tool_gap_error,
    was_silenced_in_time,
)
from harness.errors import Fault, Party, Phase
from harness.model import (
    BargeIn,
    BehaviourOutcome,
    Run,
    TruthRecord,
    TurnCounts,
    TurnRecord,
    TurnStatus,
)
from tests.analysis.conftest import build_run, build_session, build_turn

MS = 1_000_000
ORIGIN_NS = 7_000 * MS
SPOILED = Fault(Party.OURS, Phase.SEND, "late", "frames left late")


def run_of(*turns: TurnRecord) -> Run:
    run = build_run(turns)
    return replace(run, manifest=replace(run.manifest, origin_ns=ORIGIN_NS))


def turn(index: int, at: dict[str, int], **more: Any) -> TurnRecord:
    settled = build_turn(session=f"call-{index}")
    instants = replace(settled.at, **{name: ms * MS for name, ms in at.items()})
    ids = {"session": "s", "response": f"r{index}"}
    return replace(settled, at=instants, turn_index=index, provider_ids=ids, **more)


def true(index: int, name: str = "", **more: Any) -> TruthRecord:
    settled: dict[str, Any] = {
        "session_id": "s",
        "response_id": name or f"r{index}",
        "turn_index": index,
        "frame_end_samples": (),
        "frame_received_ns": (),
        "heard_end_sample": None,
        "endpoint_ns": 0,
        "drawn_ms": 0.0,
        "lead_silence_ms": 0.0,
        "first_audio_due_ns": 0,
    }
    return TruthRecord(**(settled | more))


def test_an_interruption_is_compared_with_when_the_caller_was_heard() -> None:
    cut = turn(1, {"barge_in_onset_ns": 900, "audio_stopped_ns": 1_003})
    missed = turn(2, {"barge_in_onset_ns": 900})
    spoiled = replace(cut, status=TurnStatus.VOID, fault=SPOILED)
    truth = Truth([true(1, heard_start_ns=ORIGIN_NS + 1_000 * MS), true(2)])
    found = stop_error(run_of(cut, missed, spoiled, turn(3, {})), truth)
    assert (found.planned, found.turns) == (3, 1)
    assert (found.p50_ms, found.p95_ms, found.worst_ms) == (3.0, 3.0, 3.0)
    assert found.holds is True
    off = replace(cut, at=replace(cut.at, audio_stopped_ns=1_021 * MS))
    assert stop_error(run_of(off), truth).holds is False
    assert stop_error(run_of(missed), truth).holds is None


def test_a_gap_is_compared_from_the_call_to_the_answer_of_the_simulator() -> None:
    asked = BehaviourOutcome(expected_tool="look_up", tools=("look_up",))
    tool = turn(2, {"tool_call_ns": 100, "answer_audible_ns": 600}, behaviour=asked)
    call = true(2, tool_called_ns=ORIGIN_NS + 99 * MS)
    answer = true(2, "r2-after", first_audible_heard_ns=ORIGIN_NS + 593 * MS)
    found = tool_gap_error(run_of(tool), Truth([call, answer]))
    assert (found.turns, found.p50_ms, found.holds) == (1, 6.0, False)
    assert tool_gap_error(run_of(tool), Truth([answer])).turns == 0


def test_an_endpoint_is_compared_from_the_labelled_sample_on() -> None:
    ended = turn(0, {"speech_end_ns": 500, "server_endpoint_ns": 704}, speech_end_sample=24_000)
    known = true(
        0,
        frame_end_samples=(23_760, 24_240),
        frame_received_ns=(ORIGIN_NS, ORIGIN_NS + 20 * MS),
        endpoint_ns=ORIGIN_NS + 210 * MS,
    )
    found = endpoint_error(run_of(ended), Truth([known]))
    # The sample was spoken 10 ms before its frame came, so the true delay is 200 ms.
    assert (found.turns, found.p50_ms, found.holds) == (1, 4.0, True)


@pytest.mark.parametrize(
    ("fault", "says_so", "sign"),
    [
        ("premature", is_premature, {"status": TurnStatus.PREMATURE}),
        ("deaf", is_deaf, {"behaviour": BehaviourOutcome(barge_in=BargeIn.DEAF)}),
        ("double", is_double, {"counts": TurnCounts(responses=2)}),
    ],
)
def test_a_fault_counts_as_recognised_where_it_was_planted_only(
    fault: str, says_so: Any, sign: dict[str, Any]
) -> None:
    truth = Truth([true(0, fault=f"other+{fault}"), true(1)])
    plain, shown = turn(0, {}), turn(0, {}, **sign)
    elsewhere = replace(shown, turn_index=1)
    for turns, counts, holds in (
        ((shown, turn(1, {})), (1, 1, 0), True),
        ((plain, turn(1, {})), (1, 0, 0), False),
        ((shown, elsewhere), (1, 1, 1), False),
        ((turn(1, {}),), (0, 0, 0), None),
    ):
        found = fault_finding(fault, "a sign", run_of(*turns), truth, says_so)
        assert (found.planted, found.recognised, found.mistaken) == counts
        assert found.holds is holds


def test_two_responses_are_no_double_where_a_tool_was_called() -> None:
    tool = BehaviourOutcome(tools=("look_up",))
    assert not is_double(turn(0, {}, behaviour=tool, counts=TurnCounts(responses=2)))
    assert is_double(turn(0, {}, behaviour=tool, counts=TurnCounts(responses=3)))
    assert not is_double(turn(0, {}, counts=TurnCounts(responses=None)))


@pytest.mark.parametrize(("heard_ms", "in_time"), [(1_015, True), (1_200, False)])
def test_late_audio_that_is_heard_is_seen(heard_ms: int, in_time: bool) -> None:
    cut = turn(
        0,
        {"playout_end_ns": heard_ms},
        behaviour=BehaviourOutcome(barge_in=BargeIn.STOPPED),
        counts=TurnCounts(samples_unheard=100),
    )
    truth = Truth([true(0), true(1, heard_start_ns=ORIGIN_NS + 1_000 * MS)])
    assert was_silenced_in_time(cut, run_of(cut), truth) is in_time


def test_what_was_dealt_is_told_by_class_and_by_what_was_said() -> None:
    turns = [build_turn(session="a"), build_turn(session="b")]
    sessions = [
        build_session("a", call_number=1, user_class="Rare"),
        build_session("b", call_number=0, user_class="Frequent"),
    ]
    one = dealing(build_run(turns, sessions), 1)
    assert (one.calls, one.turns_a_call) == (
        {"Rare": 1, "Frequent": 1},
        {"Rare": (1,), "Frequent": (1,)},
    )
    assert dealing(build_run(turns[::-1], sessions[::-1]), 2).said_hash == one.said_hash
    other = [replace(turns[0], utterance_id="else"), turns[1]]
    assert dealing(build_run(other, sessions), 1).said_hash != one.said_hash
