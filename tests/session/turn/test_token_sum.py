from harness.model import TokenUsage
from harness.session.turn.token_sum import TokenSum


def test_what_is_not_told_is_counted_and_is_no_zero() -> None:
    tokens = TokenSum()
    tokens.add(None)
    assert (tokens.told, tokens.untold) == (None, 1)
    tokens.add(TokenUsage(input_text=1))
    tokens.add(TokenUsage(input_text=2))
    assert (tokens.told, tokens.untold) == (TokenUsage(input_text=3), 1)


def test_tokens_may_be_reported_before_or_after_the_end_of_their_response() -> None:
    tokens = TokenSum()
    tokens.add(None, "late")
    tokens.report(TokenUsage(input_text=1), "early")
    assert (tokens.told, tokens.untold) == (TokenUsage(input_text=1), 1)
    tokens.report(TokenUsage(input_text=2), "late")
    tokens.add(None, "early")
    assert (tokens.told, tokens.untold) == (TokenUsage(input_text=3), 0)


def test_of_two_responses_of_one_name_a_report_is_of_one() -> None:
    tokens = TokenSum()
    tokens.add(None, "again")
    tokens.add(None, "again")
    tokens.report(TokenUsage(input_text=1), "again")
    assert tokens.untold == 1
