from decimal import Decimal

import pytest

from harness.analysis.planned_cost import session_cost, session_length_s
from harness.analysis.prices import Price, TokenTariff

PRICE = TokenTariff(
    audio=Price(input=Decimal("32.0"), cached=Decimal("0.4"), output=Decimal("64.0"))
)


def test_one_turn_costs_what_is_said_in_it() -> None:
    """10 tokens a second of the caller, 20 of the agent."""
    assert session_cost(1, 10.0, 5.0, PRICE) == pytest.approx((100 * 32 + 100 * 64) / 1e6)


def test_every_turn_pays_again_for_all_before_it() -> None:
    three = session_cost(3, 10.0, 5.0, PRICE)
    again = (1 + 2) * 200 * 0.4 / 1e6
    assert three == pytest.approx(3 * session_cost(1, 10.0, 5.0, PRICE) + again)


def test_a_session_lasts_as_long_as_its_turns() -> None:
    one, two = session_length_s(1, 3.0, 5.0), session_length_s(2, 3.0, 5.0)
    assert 8.0 < two - one < 12.0
