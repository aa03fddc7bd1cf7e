from collections.abc import Callable

import pytest

from harness.analysis.failures import failure_rate
from harness.errors import Party
from harness.model import TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]


@pytest.mark.parametrize(
    "status",
    [
        TurnStatus.TIMEOUT,
        TurnStatus.NO_REPLY,
        TurnStatus.FAILED,
        TurnStatus.CLOSED,
        TurnStatus.DROPPED,
    ],
)
def test_a_turn_without_a_response_failed(make_turn: MakeTurn, status: TurnStatus) -> None:
    turns = [make_turn(session="a"), make_turn(None, session="b", status=status)]
    found = failure_rate(turns)
    assert (found.failed, found.n, found.value) == (1, 2, 0.5)


@pytest.mark.parametrize("status", [TurnStatus.VOID, TurnStatus.CLOSED, TurnStatus.DROPPED])
def test_a_turn_that_we_ended_is_not_the_apis(make_turn: MakeTurn, status: TurnStatus) -> None:
    ours = make_turn(None, session="c", status=status, party=Party.OURS)
    found = failure_rate([make_turn(session="a"), make_turn(session="b"), ours])
    assert (found.failed, found.n, found.value) == (0, 2, 0.0)


def test_a_response_that_broke_off_failed(make_turn: MakeTurn) -> None:
    turns = [make_turn(session="a"), make_turn(session="b", status=TurnStatus.BROKEN_OFF)]
    found = failure_rate(turns)
    assert (found.failed, found.n, found.value) == (1, 2, 0.5)


def test_a_response_that_we_broke_off_is_not_the_apis(make_turn: MakeTurn) -> None:
    ours = make_turn(session="b", status=TurnStatus.BROKEN_OFF, party=Party.OURS)
    found = failure_rate([make_turn(session="a"), ours])
    assert (found.failed, found.n) == (0, 1)


def test_a_premature_response_is_a_response(make_turn: MakeTurn) -> None:
    turns = [make_turn(-10.0, session=s, status=TurnStatus.PREMATURE) for s in "ab"]
    assert failure_rate(turns).failed == 0


def test_no_failure_in_few_turns_does_not_prove_that_there_are_none(make_turn: MakeTurn) -> None:
    found = failure_rate([make_turn(session=f"s{number}") for number in range(100)])
    assert found.value == 0
    assert found.high == pytest.approx(0.037, abs=0.001)


def test_failures_that_come_by_the_session_are_less_certain(make_turn: MakeTurn) -> None:
    def high(together: bool) -> float:
        turns = []
        for number in range(400):
            failed = number < 40 if together else number % 10 == 0
            status = TurnStatus.FAILED if failed else TurnStatus.COMPLETED
            turns.append(make_turn(session=f"s{number // 10}", index=number % 10, status=status))
        bound = failure_rate(turns).high
        assert bound is not None
        return bound

    assert high(together=True) > high(together=False) + 0.05


def test_without_a_turn_there_is_no_rate() -> None:
    found = failure_rate([])
    assert found.value is None
    assert found.why


def test_one_session_gives_a_rate_without_an_interval(make_turn: MakeTurn) -> None:
    found = failure_rate([make_turn(index=index) for index in range(5)])
    assert found.value == 0
    assert found.high is None
    assert "session" in found.why
