import pytest

from harness.analysis import cost
from harness.load.monitoring.spending import Spending
from harness.load.price_list import bundled_prices
from harness.model import NS_PER_S, TokenUsage, TurnRecord, TurnStatus
from tests.analysis.conftest import build_run, build_session, build_turn

USAGE = TokenUsage(input_audio=200, output_audio=600, input_text=30)


def told(count: int) -> list[TurnRecord]:
    return [build_turn(session=f"s{i // 3}", index=i % 3, usage=USAGE) for i in range(count)]


def test_batches_add_up_to_what_the_report_says_of_the_whole_run() -> None:
    turns = told(30)
    sessions = [
        build_session(f"s{i}", model="gpt-realtime", usage=USAGE if i % 2 else None)
        for i in range(10)
    ]
    run = build_run(turns, sessions)
    spending = Spending(run.manifest, bundled_prices())
    for number, session in enumerate(sessions):
        part = turns[3 * number : 3 * number + 3]
        spending.take(part, [session], (number + 1) * 10 * NS_PER_S)
    found = spending.so_far()
    assert found.total == pytest.approx(cost(run, bundled_prices()).total)
    assert found.basis == "usage"
    assert not found.partial
    # A tenth every ten seconds.
    assert found.per_hour == pytest.approx(found.total and found.total / 100 * 3600)


def test_turns_of_open_sessions_count_by_the_model_that_the_others_have() -> None:
    sessions = [build_session("s0", model="gpt-realtime-mini")]
    run = build_run(told(6), sessions)
    spending = Spending(run.manifest, bundled_prices())
    spending.take(told(3), sessions, NS_PER_S)
    spending.take(told(6)[3:], [], 2 * NS_PER_S)
    assert spending.so_far().total == pytest.approx(cost(run, bundled_prices()).total)


def test_without_tokens_it_is_an_estimate_and_says_so() -> None:
    run = build_run([build_turn()])
    spending = Spending(run.manifest, bundled_prices())
    spending.take([build_turn()], [], NS_PER_S)
    found = spending.so_far()
    assert (found.basis, found.per_hour) == ("estimate", None)
    assert found.total is not None


def test_an_unknown_price_is_no_number() -> None:
    run = build_run(told(1), model="somebody-elses")
    spending = Spending(run.manifest, bundled_prices())
    assert spending.so_far().total is None
    spending.take(told(1), [], NS_PER_S)
    found = spending.so_far()
    assert found.total is None
    assert found.partial
    assert "no price" in found.why


def test_a_turn_that_nobody_answered_makes_no_cost_partial() -> None:
    run = build_run(told(3))
    spending = Spending(run.manifest, bundled_prices())
    spending.take(told(3), [], NS_PER_S)
    spending.take([build_turn(None, status=TurnStatus.NO_REPLY)], [], 2 * NS_PER_S)
    assert not spending.so_far().partial
    spending.take([build_turn()], [], 3 * NS_PER_S)
    assert spending.so_far().partial
