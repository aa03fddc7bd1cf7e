from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from harness.analysis.cost import cost
from harness.analysis.costs.account import CALL, MINUTE, SOLVED, TURN, cost_detail
from harness.analysis.costs.billing import Bills
from harness.analysis.prices import PriceList, TimeTariff
from harness.model import Check, Run, SessionRecord, TokenUsage, TurnRecord
from harness.model.cost_summary import CostDetail

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]


def of(index: int) -> TokenUsage:
    """Return the tokens of a turn that reads again what was said before it."""
    return TokenUsage(
        input_text=100,
        input_audio=100 * (index + 1),
        cached_audio=60 * index,
        output_text=7,
        output_audio=31,
    )


def detail(
    run: Run, prices: PriceList, solved: Mapping[str, bool] | None = None
) -> CostDetail | None:
    """Account for a run whose calls passed both their checks, or one, as `solved` says."""
    outcomes = {True: (True, True), False: (True, False)}
    sessions = tuple(
        replace(s, checks=tuple(Check(what="x", passed=p) for p in outcomes[solved[s.session_id]]))
        if solved and s.session_id in solved
        else s
        for s in run.sessions
    )
    return cost_detail(replace(run, sessions=sessions), prices, Bills(run, prices))


@pytest.fixture
def run(make_turn: MakeTurn, make_run: MakeRun) -> Run:
    turns = [
        make_turn(session=f"s{call}", index=index, usage=of(index))
        for call in range(6)
        for index in range(4 if call % 2 else 3)
    ]
    return make_run(turns, model="tokens")


def test_items_add_up_to_the_total_and_so_do_their_shares(run: Run, prices: PriceList) -> None:
    found = detail(run, prices)
    assert found is not None
    assert sum(item.amount for item in found.items) == pytest.approx(found.total, abs=1e-9)
    assert sum(item.share or 0 for item in found.items) == pytest.approx(1.0)
    assert found.total == pytest.approx(cost(run, prices).total)
    counts = {item.name: item.count for item in found.items}
    assert counts["audio out"] == 21 * 31
    assert counts["text in"] == 2_100


def test_rates_agree_with_the_short_account(run: Run, prices: PriceList) -> None:
    found, short = detail(run, prices), cost(run, prices)
    assert found is not None
    minute, turn, call = (found.rate(per) for per in (MINUTE, TURN, CALL))
    assert minute.value == pytest.approx(short.per_minute)
    assert turn.value == pytest.approx(short.per_turn)
    assert call.value == pytest.approx(found.total / 6)
    assert call.low is not None
    assert call.high is not None
    assert call.low < found.total / 6 < call.high
    assert found.rate(SOLVED).value is None
    assert "no call was checked" in found.rate(SOLVED).why


def test_a_solved_call_carries_the_cost_of_those_that_were_not(run: Run, prices: PriceList) -> None:
    found = detail(run, prices, {"s0": True, "s2": False})
    half = detail(run, prices)
    assert found is not None
    assert half is not None
    alike = next(bill for bill in [half.rate(CALL)])
    assert alike.value is not None
    bills = Bills(run, prices).of_records
    of_two = sum(bill.amount for bill in bills if bill.session_id in ("s0", "s2"))
    assert found.rate(SOLVED).value == pytest.approx(float(of_two))
    none = detail(run, prices, {"s0": False})
    assert none is not None
    assert none.rate(SOLVED).value is None
    assert "no call passed" in none.rate(SOLVED).why


def test_cost_grows_with_every_turn_by_what_is_read_again(run: Run, prices: PriceList) -> None:
    found = detail(run, prices)
    assert found is not None
    step = (40 * 32 + 60 * 0.4) / 1e6
    means = [one.mean for one in found.by_turn]
    assert [one.n for one in found.by_turn] == [6, 6, 6, 3]
    assert means[1] - means[0] == pytest.approx(step, abs=1e-8)
    assert found.growth.value == pytest.approx(step, rel=1e-6)
    assert found.by_turn[1].input_tokens == pytest.approx(300)
    assert found.by_turn[1].cached == pytest.approx(0.2)


def test_a_session_with_something_unknown_is_in_the_total_and_in_no_average(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    turns = [make_turn(usage=of(0)), make_turn(session="b", usage=of(0))]
    turns.append(make_turn(session="b", index=1))
    found = detail(make_run(turns, model="tokens"), prices)
    assert found is not None
    assert found.rate(CALL).calls == 1
    assert found.rate(CALL).low is None
    assert "an interval needs 2 calls" in found.rate(CALL).why
    assert found.total == pytest.approx(2 * (found.rate(CALL).value or 0))


def test_nothing_known_is_no_account(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    assert detail(make_run([make_turn(usage=of(0))], model="other"), prices) is None
    open_ = make_run([make_turn(usage=of(0))], [], model="tokens")
    found = detail(open_, prices)
    assert found is not None
    assert [rate.value for rate in found.rates] == [None] * 4
    assert found.growth.value is None
    assert found.elsewhere == ()


def test_time_and_transcription_are_items_in_minutes(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun, prices: PriceList
) -> None:
    run = make_run([make_turn()], [make_session()], model="time")
    bills = Bills(run, prices)
    tariff = prices.models["time"]
    assert isinstance(tariff, TimeTariff)
    bills.add_transcription(run, tariff)
    found = cost_detail(run, prices, bills)
    assert found is not None
    assert [(i.name, i.count, i.amount) for i in found.items] == [
        ("time", 1.0, 0.06),
        ("transcription", 0.033, 0.002),
    ]
    assert found.rate(TURN).value == pytest.approx(0.062)
    assert found.by_turn == ()
