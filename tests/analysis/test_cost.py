from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.cost import Cost, cost, total_usage
from harness.analysis.costs.account import cost_detail
from harness.analysis.costs.billing import Bills
from harness.analysis.prices import Price, PriceList, TokenTariff
from harness.model import Run, SessionRecord, TokenUsage, TurnCounts, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]

PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="a test",
    models={
        "m": TokenTariff(
            audio=Price(input=Decimal("32.0"), cached=Decimal("0.4"), output=Decimal("64.0")),
            text=Price(input=Decimal("4.0"), cached=Decimal("0.5"), output=Decimal("24.0")),
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


def test_the_short_account_and_the_whole_one_tell_the_same_averages(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    half = replace(USAGE, output_audio=200)
    turns = [make_turn(session="a", usage=USAGE), make_turn(session="never_ended", usage=half)]
    sessions = [make_session("a", usage=half), make_session("never_ended", closed_ns=None)]
    run = make_run(turns, sessions, model="m")
    found, detail = cost(run, PRICES), cost_detail(run, PRICES, Bills(run, PRICES))
    assert detail is not None
    assert found.total == pytest.approx(detail.total)
    assert found.per_minute == detail.rate("minute").value
    # The call that has not ended has no part in any average.
    assert found.per_turn == detail.rate("turn").value == pytest.approx(USAGE_USD)


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
    turn = make_turn(counts=TurnCounts(samples_received=24_000 * 3, received_rate_hz=24_000))
    found = cost(make_run([turn], model="m"), PRICES)
    assert found.basis == "estimate"
    assert found.total == pytest.approx((20 * 32 + 60 * 64) / 1e6)
    assert "floor" in found.note


def test_turns_without_usage_are_named_beside_those_with(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    found = cost(make_run([make_turn(usage=USAGE), make_turn(index=1)], model="m"), PRICES)
    assert found.turns == 1
    assert found.partial
    assert "PARTIAL: cost known for 1 of 2 turns" in found.note


def test_a_session_with_a_response_of_unknown_cost_is_not_divided_by(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    turns = [make_turn(usage=USAGE), make_turn(session="b", usage=USAGE)]
    found = cost(make_run([*turns, make_turn(session="b", index=1)], model="m"), PRICES)
    assert found.minutes == pytest.approx(1.0)
    assert found.per_minute == pytest.approx(USAGE_USD)


def test_a_turn_without_a_response_has_nothing_to_pay(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    silent = make_turn(None, index=1, status=TurnStatus.NO_REPLY)
    found = cost(make_run([make_turn(usage=USAGE), silent], model="m"), PRICES)
    assert not found.partial
    assert found.per_minute == pytest.approx(USAGE_USD)


@pytest.mark.parametrize(
    ("usage", "why"),
    [
        (replace(USAGE, input_audio=None, input_text=None), "without telling audio from text"),
        (replace(USAGE, cached_audio=None), "without telling audio from text"),
        (replace(USAGE, cached_audio=2_001), "more cached tokens than input"),
        (replace(USAGE, cached_text=3_001), "more cached tokens than input"),
        (replace(USAGE, output_audio=-1), "fewer than 0 tokens"),
        (TokenUsage(), "no tokens at all"),
        (replace(USAGE, input_total=5_001), "input tokens of audio and text do not add up"),
        (replace(USAGE, output_total=499), "output tokens of audio and text do not add up"),
    ],
)
def test_usage_that_cannot_be_priced_has_no_cost_and_says_why(
    make_turn: MakeTurn, make_run: MakeRun, usage: TokenUsage, why: str
) -> None:
    found = cost(make_run([make_turn(usage=usage)], model="m"), PRICES)
    assert (found.total, found.per_minute, found.per_turn) == (None, None, None)
    assert why in found.why


def test_totals_that_agree_with_their_parts_are_priced(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    whole = replace(USAGE, input_total=5_000, output_total=500)
    found = cost(make_run([make_turn(usage=whole)], model="m"), PRICES)
    assert found.total == pytest.approx(USAGE_USD)


def _named(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession, asked: str, named: str
) -> Cost:
    run = make_run([make_turn(usage=USAGE)], [make_session(model=named)], model=asked)
    return cost(run, PRICES)


def test_the_model_that_the_server_named_is_priced_and_a_difference_is_said(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    build = (make_run, make_turn, make_session)
    found = _named(*build, asked="other", named="m-2026-01-31")
    assert found.total == pytest.approx(USAGE_USD)
    assert found.model == "m-2026-01-31"
    assert "asked for model other, the server named m-2026-01-31" in found.note
    assert "asked" not in _named(*build, asked="m", named="m-2026-01-31").note
    assert "asked" not in _named(*build, asked="m", named="").note


def test_a_name_that_the_list_does_not_know_is_priced_as_what_was_asked_for_and_says_so(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    found = _named(make_run, make_turn, make_session, asked="m", named="toy")
    assert found.total == pytest.approx(USAGE_USD)
    assert "asked for model m, the server named toy: priced as m" in found.note


def test_two_unknown_models_have_no_cost(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    found = _named(make_run, make_turn, make_session, asked="other", named="toy")
    assert found.total is None
    assert "no price for model 'toy'" in found.why
    assert "asked for model other" in found.note


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


def test_an_estimate_counts_samples_at_the_rate_in_which_they_came(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    def of(rate_hz: int | None) -> Cost:
        counts = TurnCounts(samples_received=24_000, received_rate_hz=rate_hz)
        return cost(make_run([make_turn(counts=counts)], model="m"), PRICES)

    slow, fast = of(8_000).total, of(24_000).total
    assert slow is not None
    assert fast is not None
    assert slow > fast
    assert of(None).total is None


def test_tokens_of_responses_that_are_in_no_turn_are_paid_as_well(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    run = make_run([make_turn(usage=USAGE)], [make_session(usage=USAGE)], model="m")
    found = cost(run, PRICES)
    assert found.total == pytest.approx(2 * USAGE_USD)
    assert found.per_minute == pytest.approx(2 * USAGE_USD)
    assert found.per_turn == pytest.approx(USAGE_USD)
    assert (found.turns, found.partial) == (1, False)
    usage = total_usage(run)
    assert usage is not None
    assert usage.input_text == 6_000


def test_a_turn_some_of_whose_responses_told_no_tokens_has_no_cost(
    make_turn: MakeTurn, make_run: MakeRun
) -> None:
    half = make_turn(session="b", usage=USAGE, responses_untold=1)
    found = cost(make_run([make_turn(usage=USAGE), half], model="m"), PRICES)
    assert found.total == pytest.approx(USAGE_USD)
    assert (found.turns, found.partial) == (1, True)
    assert found.minutes == pytest.approx(1.0)
    assert "tokens of only some responses of the turn (1 turn)" in found.note
    assert cost(make_run([half], model="m"), PRICES).total is None


def test_a_response_in_no_turn_that_told_no_tokens_makes_the_cost_partial(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    turns = [make_turn(usage=USAGE), make_turn(session="b", usage=USAGE)]
    sessions = [make_session(), make_session("b", responses_untold=2)]
    found = cost(make_run(turns, sessions, model="m"), PRICES)
    assert found.total == pytest.approx(2 * USAGE_USD)
    assert found.partial
    assert "in no turn or did not end (2)" in found.note
    assert found.minutes == pytest.approx(1.0)


def test_without_any_tokens_told_nothing_is_missing_from_an_estimate(
    make_turn: MakeTurn, make_run: MakeRun, make_session: MakeSession
) -> None:
    counts = TurnCounts(samples_received=24_000, received_rate_hz=24_000)
    turn = make_turn(counts=counts, responses_untold=1)
    found = cost(make_run([turn], [make_session(responses_untold=1)], model="m"), PRICES)
    assert (found.basis, found.partial) == ("estimate", False)
