from types import SimpleNamespace
from typing import Any

import pytest

from harness.model import (
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    TokensReported,
    TokenUsage,
)
from harness.session.tokens_outside_turns import TokensOutsideTurns
from harness.session.turn.response_ids import ResponseIds

USAGE = TokenUsage(input_audio=7)


def done(response: str, usage: TokenUsage | None = USAGE) -> ResponseDone:
    return ResponseDone(response, ResponseStatus.COMPLETED, usage=usage)


@pytest.fixture
def turn() -> Any:
    return SimpleNamespace(ids=ResponseIds(frozenset({"early"})))


def test_a_response_of_the_turn_is_the_turns(turn: Any) -> None:
    tokens = TokensOutsideTurns()
    tokens.receive(done("its"), turn)
    tokens.receive(done("untold", None), turn)
    assert (tokens.told, tokens.untold) == (None, 0)


def test_what_belongs_to_no_turn_is_kept_once(turn: Any) -> None:
    tokens = TokensOutsideTurns()
    for event, taken_by in ((done("early"), turn), (done("late"), None), (done("late"), None)):
        tokens.receive(event, taken_by)
    tokens.receive(done("other", None), None)
    assert (tokens.told, tokens.untold) == (TokenUsage(input_audio=14), 1)


def test_a_response_that_a_turn_had_is_not_paid_again_when_it_is_named_again(turn: Any) -> None:
    tokens = TokensOutsideTurns()
    tokens.receive(done("its"), turn)
    tokens.receive(done("its"), None)
    assert tokens.told is None


def test_a_response_that_has_not_ended_has_told_nothing_yet(turn: Any) -> None:
    tokens = TokensOutsideTurns()
    tokens.receive(ResponseCreated("r"), turn)
    tokens.receive(ResponseCreated(""), turn)
    assert tokens.untold == 1
    tokens.receive(done("r"), turn)
    tokens.receive(ResponseCreated("r"), turn)
    assert tokens.untold == 0


def test_tokens_that_are_reported_on_their_own_are_the_turns_or_outside_of_it(turn: Any) -> None:
    inside, tokens = TokensOutsideTurns(), TokensOutsideTurns()
    inside.receive(TokensReported("its", USAGE), turn)
    assert inside.told is None
    tokens.receive(done("early", None), turn)
    for response, taken_by in (("early", turn), ("", None)):
        tokens.receive(TokensReported(response, USAGE), taken_by)
    assert (tokens.told, tokens.untold) == (TokenUsage(input_audio=14), 0)
