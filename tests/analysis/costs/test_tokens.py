from collections.abc import Callable
from decimal import Decimal

import pytest

from harness.analysis.costs.tokens import (
    Item,
    agent_s,
    caller_s,
    estimated_tokens,
    price_tokens,
    refusal,
)
from harness.analysis.prices import Price, TokenTariff
from harness.model import TokenUsage, TurnCounts, TurnInstants, TurnRecord, TurnStatus

TARIFF = TokenTariff(
    audio=Price(input=Decimal(32), cached=Decimal("0.4"), output=Decimal(64)),
    text=Price(input=Decimal(4), cached=Decimal("0.4"), output=Decimal(24)),
)
# A response as a service reports one: 132 in (59 text, 73 audio, 64 of it cached), 188 out.
CAPTURED = TokenUsage(
    input_text=59,
    input_audio=73,
    cached_audio=64,
    output_text=41,
    output_audio=147,
    input_total=132,
    output_total=188,
)


def test_each_item_is_priced_exactly_and_cached_tokens_are_not_counted_twice() -> None:
    items = price_tokens(CAPTURED, TARIFF)
    assert items[Item.AUDIO_IN] == Decimal("0.000288")
    assert items[Item.AUDIO_CACHED] == Decimal("0.0000256")
    assert items[Item.AUDIO_OUT] == Decimal("0.009408")
    assert items[Item.TEXT_IN] == Decimal("0.000236")
    assert items[Item.TEXT_CACHED] == 0
    assert items[Item.TEXT_OUT] == Decimal("0.000984")
    assert sum(items.values()) == Decimal("0.0109416")


@pytest.mark.parametrize(
    ("usage", "usd"),
    [(TokenUsage(input_audio=600), "0.0192"), (TokenUsage(output_audio=1200), "0.0768")],
)
def test_a_minute_of_speech_costs_what_ten_and_twenty_tokens_a_second_do(
    usage: TokenUsage, usd: str
) -> None:
    assert sum(price_tokens(usage, TARIFF).values()) == Decimal(usd)


def test_text_has_no_price_where_the_list_has_none() -> None:
    audio_only = TokenTariff(audio=TARIFF.audio)
    assert "no price for the model's text" in refusal(CAPTURED, audio_only)
    assert refusal(TokenUsage(input_audio=10), audio_only) == ""
    assert refusal(CAPTURED, TARIFF) == ""


def test_how_long_each_side_spoke_is_known_or_not(make_turn: Callable[..., TurnRecord]) -> None:
    turn = make_turn(counts=TurnCounts(samples_received=24_000, received_rate_hz=8_000))
    assert caller_s(turn) == pytest.approx(2.0)
    assert agent_s(turn) == pytest.approx(3.0)
    assert agent_s(make_turn(counts=TurnCounts(samples_received=24_000))) is None


@pytest.mark.parametrize("status", [TurnStatus.DROPPED, TurnStatus.CLOSED])
def test_in_a_turn_that_never_began_nobody_spoke_and_nothing_is_owed(
    make_turn: Callable[..., TurnRecord], status: TurnStatus
) -> None:
    turn = make_turn(None, status=status, at=TurnInstants(session_ready_ns=0))
    assert caller_s(turn) == 0
    assert estimated_tokens(turn) is None
    begun = make_turn(None, status=status, at=TurnInstants(last_frame_sent_ns=0))
    assert caller_s(begun) is None
