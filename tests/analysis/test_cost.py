from collections.abc import Callable
from typing import Any

import pytest

from harness.analysis.cost import Price, PriceList, cost
from harness.errors import BadInput
from harness.model import Run, SessionRecord, TokenUsage, TurnCounts, TurnRecord

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]

PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="a test",
    models={
        "m": (
            Price(input=32.0, cached=0.4, output=64.0),
            Price(input=4.0, cached=0.5, output=24.0),
        )
    },
)
USAGE = TokenUsage(
    input_text=3_000,
    input_audio=2_000,
    cached_text=1_000,
    cached_audio=500,
    output_text=100,
    output_audio=400,
)
# 1500 x 32 + 500 x 0.4 + 400 x 64 + 2000 x 4 + 1000 x 0.5 + 100 x 24, by hand.
USAGE_USD = 0.0847


def test_cached_tokens_are_a_part_of_the_input(make_turn: MakeTurn, make_run: MakeRun) -> None:
    found = cost(make_run([make_turn(usage=USAGE)], model="m"), PRICES)
    assert found.basis == "usage"
    assert found.total == pytest.approx(USAGE_USD)
    assert found.per_minute == pytest.approx(USAGE_USD)
    assert found.per_turn == pytest.approx(USAGE_USD)
    assert found.minutes == pytest.approx(1.0)


def test_a_minute_is_one_of_conversation_ready_to_closed(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    turns = [make_turn(session=name, usage=USAGE) for name in ("a", "b", "never_ended")]
    sessions = [
        make_session("a"),
        make_session("b", ready_ns=0, closed_ns=180_000_000_000),
        make_session("never_ended", closed_ns=None),
    ]
    found = cost(make_run(turns, sessions, model="m"), PRICES)
    assert found.total == pytest.approx(3 * USAGE_USD)
    assert found.minutes == pytest.approx(4.0)
    assert found.per_minute == pytest.approx(2 * USAGE_USD / 4)


def test_without_a_session_of_known_length_there_is_no_cost_per_minute(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    found = cost(make_run([make_turn(usage=USAGE)], [], model="m"), PRICES)
    assert found.total == pytest.approx(USAGE_USD)
    assert found.per_minute is None
    assert found.why


def test_without_usage_the_length_of_the_speech_is_an_estimate(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    turn = make_turn(counts=TurnCounts(samples_received=24_000 * 3))
    found = cost(make_run([turn], model="m"), PRICES)
    assert found.basis == "estimate"
    assert found.total == pytest.approx((20 * 32 + 60 * 64) / 1e6)
    assert "floor" in found.note


def test_turns_without_usage_are_named_beside_those_with(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    found = cost(make_run([make_turn(usage=USAGE), make_turn(index=1)], model="m"), PRICES)
    assert found.turns == 1
    assert "1 of 2 turns" in found.note


def test_a_model_without_a_price_has_no_cost(make_turn: MakeTurn, make_run: MakeRun) -> None:
    found = cost(make_run([make_turn(usage=USAGE)], model="other"), PRICES)
    assert (found.total, found.per_minute, found.per_turn) == (None, None, None)
    assert "other" in found.why


def test_a_dated_snapshot_costs_what_its_model_costs(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    run = make_run([make_turn(usage=USAGE)], model="m-2026-01-31")
    assert cost(run, PRICES).total == pytest.approx(USAGE_USD)


def test_a_simulated_run_says_that_nothing_was_billed(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    turns = [make_turn(usage=USAGE)]
    assert "nothing was billed" in cost(make_run(turns, model="m"), PRICES).note
    assert cost(make_run(turns, model="m", simulated=False), PRICES).note == ""


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"date": "x", "currency": "USD", "source": "y", "models": {"m": {"audio": {}}}},
        {"date": "x", "currency": "USD", "source": "y", "models": []},
        {"currency": "USD", "source": "y", "models": {}},
    ],
)
def test_a_broken_price_list_is_refused_by_name(data: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"prices\.toml: is not a price list"):
        PriceList.from_dict(data, "prices.toml")
