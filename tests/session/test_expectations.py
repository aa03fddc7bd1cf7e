from dataclasses import replace
from typing import Any

import pytest

from harness.errors import Fault, Party, Phase
from harness.model import (
    BehaviourOutcome,
    Check,
    TurnBehaviour,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session.expectations import checks_of
from tests.analysis.conftest import build_turn

MS = 1_000_000
WANTS = TurnBehaviour(expected_tool="book", expected_words=("Booked",), within_ms=900)
TURN = TurnRecord(
    session_id="call-000000",
    turn_index=2,
    kind=TurnKind.TOOL,
    status=TurnStatus.COMPLETED,
    network="none",
    utterance_id="u",
    limit_ms=15_000,
    at=TurnInstants(
        speech_end_ns=1_000 * MS, first_audible_ns=1_500 * MS, answer_audible_ns=1_900 * MS
    ),
    behaviour=BehaviourOutcome(expected_tool="book", tools=("book",)),
)


def passed(turn: TurnRecord = TURN, transcript: str = "it is BOOKED for you", **wants: Any) -> Any:
    checks = checks_of(replace(WANTS, **wants), turn, transcript)
    return [check.passed for check in checks]


def test_what_is_expected_and_comes_is_a_check_that_passed() -> None:
    assert checks_of(WANTS, TURN, "It is booked.") == [
        Check(what="the agent uses book", passed=True, turn_index=2),
        Check(what='the agent says "Booked"', passed=True, turn_index=2),
        Check(what="the agent answers within 900 ms", passed=True, turn_index=2),
    ]
    assert checks_of(TurnBehaviour(), TURN, "It is booked.") == []


def test_each_fails_by_itself() -> None:
    assert passed(expected_tool="cancel") == [False, True, True]
    assert passed(transcript="what did you say?") == [True, False, True]
    assert passed(within_ms=899) == [True, True, False], "what comes before the tool is no answer"


def test_a_turn_without_an_answer_fails_all_of_them() -> None:
    silent = build_turn(None, status=TurnStatus.TIMEOUT)
    assert passed(silent, "") == [False, False, False]


def test_words_are_not_looked_for_where_the_api_tells_none_of_what_is_heard() -> None:
    assert passed(transcript="") == [True, True]


@pytest.mark.parametrize("status", [TurnStatus.VOID, TurnStatus.CLOSED])
def test_a_turn_that_proves_nothing_of_the_agent_has_no_checks(status: TurnStatus) -> None:
    assert passed(build_turn(None, status=status)) == []


def test_a_turn_that_we_ended_proves_nothing_of_the_agent() -> None:
    assert passed(replace(TURN, fault=Fault(Party.OURS, Phase.RESPONSE, "stopped", ""))) == []
