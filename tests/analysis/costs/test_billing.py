from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.cost import cost, summed
from harness.analysis.costs.billing import TIME, USAGE, Bills
from harness.analysis.costs.tokens import Item
from harness.analysis.prices import Price, PriceList, TimeTariff, TokenTariff
from harness.model import Run, SessionRecord, TokenUsage, TurnInstants, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]
PRICE = Price(input=Decimal(32), cached=Decimal("0.4"), output=Decimal(64))
PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="a test",
    models={
        "tokens": TokenTariff(audio=PRICE, text=PRICE),
        "time": TimeTariff(per_minute=Decimal("0.05"), step_s=Decimal(6)),
    },
)
USAGE_OF_TURN = TokenUsage(input_audio=1_000_000)


def test_items_of_a_bill_add_up_to_it(make_turn: MakeTurn, make_run: MakeRun) -> None:
    bills = Bills(make_run([make_turn(usage=USAGE_OF_TURN)], model="tokens"), PRICES)
    (bill,) = bills.of_records
    assert bills.basis == USAGE
    assert bill.amount == sum(bill.items.values()) == 32


def test_time_is_billed_from_ready_to_closed_whatever_was_said(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    sessions = [
        make_session("a", ready_ns=0, closed_ns=61_000_000_000),
        make_session("b", ready_ns=None),
    ]
    run = make_run([make_turn(session="a"), make_turn(session="a", index=1)], sessions)
    bills = Bills(_as(run, "time"), PRICES)
    (bill,) = bills.of_records
    assert bills.basis == TIME
    assert bill.items == {Item.TIME: Decimal("0.055")}
    assert bills.turns == 2
    found = cost(_as(run, "time"), PRICES)
    assert found.total == pytest.approx(0.055)
    assert found.per_turn == pytest.approx(0.0275)
    assert found.per_minute == pytest.approx(0.055 * 60 / 61)
    assert (found.basis, found.partial) == ("time", False)


def test_a_session_that_has_not_ended_has_an_unknown_price_by_time(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    sessions = [make_session("a"), make_session("open", closed_ns=None)]
    turns = [make_turn(session=name) for name in ("a", "open", "without_record")]
    found = cost(_as(make_run(turns, sessions), "time"), PRICES)
    assert found.total == pytest.approx(0.05)
    assert found.partial
    assert "cost known for 1 of 3 turns" in found.note
    assert "end is not known (2 turns)" in found.note


def test_turns_that_have_no_record_any_more_have_a_cost_that_is_not_known(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    sessions = [make_session("a"), make_session("b", turns_done=3)]
    turns = [make_turn(session=name, usage=USAGE_OF_TURN) for name in ("a", "b")]
    found = cost(make_run(turns, sessions, model="tokens"), PRICES)
    assert found.partial
    assert "cost known for 2 of 4 turns" in found.note
    assert "the turn has no record (2 turns)" in found.note
    assert found.minutes == pytest.approx(1.0)


def test_transcribing_speech_of_unknown_length_is_not_free(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    known, unknown = (make_turn(session=name, usage=USAGE_OF_TURN) for name in ("a", "b"))
    unknown = replace(unknown, at=replace(unknown.at, speech_end_ns=None))
    dropped = make_turn(None, session="a", index=1, status=TurnStatus.DROPPED, at=TurnInstants())
    sessions = [make_session("a"), make_session("b")]
    run = make_run([known, unknown, dropped], sessions, model="tokens")
    bills = Bills(run, PRICES)
    bills.add_transcription(run, TimeTariff(per_minute=Decimal(6)))
    transcribed = [bill for bill in bills.of_records if Item.TRANSCRIPTION in bill.items]
    assert [(bill.session_id, bill.amount) for bill in transcribed] == [("a", Decimal("0.2"))]
    assert bills.missing == {"b"}
    found = summed(run, PRICES, bills)
    assert found.partial
    assert found.note.startswith("PARTIAL: the cost of all turns' responses is known, but not all")
    assert "how long the caller spoke (1 turn)" in found.note
    assert found.minutes == pytest.approx(1.0)


def _as(run: Run, model: str) -> Run:
    return replace(run, manifest=replace(run.manifest, model=model))
