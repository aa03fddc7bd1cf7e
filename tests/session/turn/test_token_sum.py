from harness.model import TokenUsage
from harness.session.turn.token_sum import TokenSum


def test_what_is_not_told_is_counted_and_is_no_zero() -> None:
    tokens = TokenSum()
    tokens.add(None)
    assert (tokens.told, tokens.untold) == (None, 1)
    tokens.add(TokenUsage(input_text=1))
    tokens.add(TokenUsage(input_text=2))
    assert (tokens.told, tokens.untold) == (TokenUsage(input_text=3), 1)
