from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.costs.billing import Bills
from harness.analysis.costs.shares import CACHE, CONTEXT, SILENCE, UNHEARD, shares
from harness.analysis.prices import PriceList
from harness.model import (
    Run,
    SessionRecord,
    TokenUsage,
    TurnCounts,
    TurnInstants,
    TurnRecord,
    TurnStatus,
)
from harness.model.cost_summary import CostShare

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]


def found(run: Run, prices: PriceList) -> dict[str, CostShare]:
    bills = Bills(run, prices).of_records
    total = sum((bill.amount for bill in bills), Decimal(0))
    return {share.name: share for share in shares(run, bills, total)}


def test_what_is_not_the_caller_s_own_words_was_read_again(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    """The caller spoke for 2 s, which are 20 tokens: 30 more, the cached and all text are not."""
    usage = TokenUsage(
        input_audio=150, cached_audio=100, input_text=1_000, cached_text=500, output_audio=10
    )
    share = found(make_run([make_turn(usage=usage)], model="tokens"), prices)[CONTEXT]
    again = (30 * 32 + 100 * 0.4 + 500 * 4 + 500 * 0.4) / 1e6
    assert share.amount == pytest.approx(again)
    assert share.share == pytest.approx(again / (again + (20 * 32 + 10 * 64) / 1e6))


def test_the_cache_saved_what_new_tokens_would_have_cost_more(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    usage = TokenUsage(input_audio=300, cached_audio=100, input_text=100, cached_text=100)
    share = found(make_run([make_turn(usage=usage)], model="tokens"), prices)[CACHE]
    assert share.amount == pytest.approx((100 * 31.6 + 100 * 3.6) / 1e6)
    assert share.note.startswith("50 % of the tokens read")


def test_audio_that_was_interrupted_is_paid_for_all_the_same(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    counts = TurnCounts(samples_received=400, samples_unheard=100, received_rate_hz=24_000)
    turn = make_turn(usage=TokenUsage(output_audio=80), counts=counts)
    share = found(make_run([turn], model="tokens"), prices)[UNHEARD]
    assert share.amount == pytest.approx(20 * 64 / 1e6)
    assert share.share == pytest.approx(0.25)


def test_by_time_silence_is_what_neither_side_filled(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun, prices: PriceList
) -> None:
    """Of a minute the caller speaks for 2 s and 4 s of the agent are heard."""
    counts = TurnCounts(
        samples_received=8 * 24_000, samples_unheard=4 * 24_000, received_rate_hz=24_000
    )
    run = make_run([make_turn(counts=counts)], [make_session()], model="time")
    by_name = found(run, prices)
    assert by_name[SILENCE].share == pytest.approx(0.9)
    assert by_name[SILENCE].amount == pytest.approx(0.054)
    for name in (CONTEXT, CACHE, UNHEARD):
        assert by_name[name].amount is None
        assert "time is billed" in by_name[name].note


def test_by_tokens_silence_is_not_known_and_never_0(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    run = make_run([make_turn(usage=TokenUsage(input_text=10))], model="tokens")
    assert found(run, prices)[SILENCE].amount is None


def test_an_estimate_tells_nothing_of_context_and_cache(
    make_turn: MakeTurn, make_run: MakeRun, prices: PriceList
) -> None:
    run = make_run([make_turn()], model="tokens")
    counts = TurnCounts(samples_received=24_000, received_rate_hz=24_000)
    run = replace(run, turns=tuple(replace(turn, counts=counts) for turn in run.turns))
    by_name = found(run, prices)
    assert by_name[CONTEXT].amount is None
    assert by_name[CACHE].amount is None
    assert "told no tokens" in by_name[CACHE].note


def test_speech_of_unknown_length_is_no_silence_and_no_context(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun, prices: PriceList
) -> None:
    known, unknown = make_turn(), make_turn(session="s1")
    unknown = replace(unknown, at=replace(unknown.at, speech_onset_ns=None))
    sessions = [make_session(), make_session("s1")]
    share = found(make_run([known, unknown], sessions, model="time"), prices)[SILENCE]
    assert (share.amount, share.share) == (None, None)
    assert "of 1 of 2 sessions it is not known" in share.note
    unrated = replace(known, counts=TurnCounts(samples_received=8))
    run = make_run([unrated], sessions[:1], model="time")
    assert found(run, prices)[SILENCE].amount is None
    read = replace(unknown, usage=TokenUsage(input_audio=150, input_text=10))
    assert found(make_run([read], model="tokens"), prices)[CONTEXT].amount is None


def test_in_a_turn_that_never_began_nobody_spoke(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun, prices: PriceList
) -> None:
    dropped = make_turn(None, index=1, status=TurnStatus.DROPPED, at=TurnInstants())
    run = make_run([make_turn(), dropped], [make_session()], model="time")
    assert found(run, prices)[SILENCE].share == pytest.approx(1 - 2 / 60)
