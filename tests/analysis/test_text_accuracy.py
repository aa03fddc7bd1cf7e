from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.analysis.accuracy import accuracy
from harness.analysis.text_accuracy import prompts_with_truth, true_text_ms
from harness.model import TruthRecord, TurnRecord, TurnStatus
from tests.analysis.conftest import build_run

MakeTurn = Callable[..., TurnRecord]
MS = 1_000_000


def truth(number: int, session: str = "VX1", **more: Any) -> TruthRecord:
    known: dict[str, Any] = {
        "prompt_received_ns": 50 * MS,
        "first_text_released_ns": 349 * MS,
        "last_text_released_ns": 948 * MS,
    }
    return TruthRecord(
        session_id=session,
        response_id="",
        turn_index=number,
        frame_end_samples=(),
        frame_received_ns=(),
        heard_end_sample=None,
        endpoint_ns=50 * MS,
        drawn_ms=300.0,
        lead_silence_ms=0.0,
        first_audio_due_ns=350 * MS,
        **(known | more),
    )


def prompt(make_text_turn: MakeTurn, index: int, session: str = "VX1", **more: Any) -> TurnRecord:
    turn = make_text_turn(index=index, provider_ids={"session": session}, **more)
    end_ns = (turn.at.speech_end_ns or 0) + index * 5_000 * MS
    first_ns, last_ns = end_ns + 300 * MS, end_ns + 900 * MS
    at = replace(turn.at, speech_end_ns=end_ns, first_text_ns=first_ns, last_text_ns=last_ns)
    return replace(turn, at=at)


def test_prompts_of_a_session_are_numbered_alike_on_both_sides(make_text_turn: MakeTurn) -> None:
    turns = [prompt(make_text_turn, index) for index in (2, 0, 5)]
    truths = [truth(2), truth(0), truth(0, cancelled=True), truth(1), truth(0, session="VX2")]
    found = {turn.turn_index: known for turn, known in prompts_with_truth(turns, truths)}
    assert {index: known.turn_index for index, known in found.items()} == {0: 0, 2: 1, 5: 2}
    assert not found[0].cancelled
    assert true_text_ms("time_to_first_token", found[0]) == 299.0
    assert true_text_ms("time_to_last_token", found[0]) is None
    assert true_text_ms("time_to_last_token", found[2]) == 898.0


def test_a_prompt_that_never_left_has_no_truth(make_text_turn: MakeTurn) -> None:
    turn = prompt(make_text_turn, 0)
    unsent = replace(turn, at=replace(turn.at, commit_sent_ns=None))
    assert list(prompts_with_truth([unsent], [truth(0)])) == []


def test_truth_counts_from_the_arrival_of_the_prompt() -> None:
    assert true_text_ms("time_to_first_token", truth(0)) == 299.0
    assert true_text_ms("time_to_last_token", truth(0)) == 898.0
    assert true_text_ms("time_to_last_token", truth(0, cancelled=True)) is None
    assert true_text_ms("time_to_first_token", truth(0, first_text_released_ns=None)) is None


def test_both_latencies_are_compared_and_what_we_spoiled_is_not(make_text_turn: MakeTurn) -> None:
    spoiled = prompt(make_text_turn, 1, status=TurnStatus.VOID)
    turns = [prompt(make_text_turn, 0), spoiled]
    first, last = accuracy(turns, [truth(0), truth(1)], build_run([]).manifest)
    assert (first.metric, first.n, first.p50_ms) == ("time_to_first_token", 1, 1.0)
    assert (last.metric, last.n, last.p50_ms) == ("time_to_last_token", 1, 2.0)
