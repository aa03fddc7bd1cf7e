from collections.abc import Callable
from decimal import Decimal

import pytest

from harness.analysis.costs.billing import Bills
from harness.analysis.costs.elsewhere import elsewhere
from harness.analysis.prices import PriceList
from harness.model import Run, TokenUsage, TurnCounts, TurnRecord
from harness.model.cost_summary import CostElsewhere

MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]
USAGE = TokenUsage(input_audio=600, input_text=1_000)
MINUTE = {"s0": Decimal(60)}


def found(run: Run, prices: PriceList) -> dict[str, CostElsewhere]:
    rows = elsewhere(Bills(run, prices).of_records, run.turns, MINUTE, prices)
    return {row.model: row for row in rows}


def test_the_same_tokens_and_minutes_at_other_prices(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    rows = found(make_run([make_turn(usage=USAGE)], model="tokens"), prices)
    assert list(rows) == ["tokens", "time", "audio-only"]
    assert rows["tokens"].ratio == pytest.approx(1.0)
    assert rows["tokens"].basis == "this run's tokens"
    assert rows["time"].per_minute == pytest.approx(0.06)
    assert rows["time"].ratio == pytest.approx(0.06 / 0.0232)
    assert rows["time"].note == "a model comes on top; a test"


def test_a_model_without_a_price_for_text_is_unknown_and_says_so(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    row = found(make_run([make_turn(usage=USAGE)], model="tokens"), prices)["audio-only"]
    assert (row.total, row.per_minute, row.ratio) == (None, None, None)
    assert "no price for the model's text" in row.basis
    assert row.date == "2026-02"


def test_without_tokens_the_length_of_the_speech_is_a_floor(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    counts = TurnCounts(samples_received=24_000, received_rate_hz=24_000)
    rows = found(make_run([make_turn(counts=counts)], model="time"), prices)
    assert rows["tokens"].total == pytest.approx((20 * 32 + 20 * 64) / 1e6)
    assert "floor" in rows["tokens"].basis
    unknown = make_turn(counts=TurnCounts(samples_received=24_000))
    rows = found(make_run([unknown], model="time"), prices)
    assert rows["tokens"].total is None
    assert "length of all speech" in rows["tokens"].basis


def test_transcription_is_not_a_part_of_the_comparison(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    run = make_run([make_turn(usage=USAGE)], model="tokens")
    bills = Bills(run, prices)
    tariff = prices.models["time"]
    bills.add_transcription(run, tariff)  # type: ignore[arg-type]
    rows = elsewhere(bills.of_records, run.turns, MINUTE, prices)
    assert {row.model: row.ratio for row in rows}["tokens"] == pytest.approx(1.0)


def test_without_a_call_of_known_length_there_is_nothing_to_compare(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    run = make_run([make_turn(usage=USAGE)], model="tokens")
    assert elsewhere(Bills(run, prices).of_records, run.turns, {}, prices) == ()
