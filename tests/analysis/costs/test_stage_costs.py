from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.analysis.prices import PriceList
from harness.analysis.summary import summarise
from harness.model import Run, SessionRecord, StageRecord, TurnRecord
from harness.model.summary import CostSummary

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]

NAMES = {"stt": "a ears", "llm": "b brain", "tts": "c mouth"}
MINUTE_NS = 60_000_000_000
LIST: dict[str, Any] = {
    "date": "2026-01",
    "currency": "USD",
    "source": "a test",
    "models": {"other": {"per_minute": 1}},
    "transcription": {"ears": {"per_minute": Decimal("0.6"), "date": "2026-02"}},
    "llm": {"brain": {"input": 10, "output": 100}},
    "speech": {"mouth": {"per_million_characters": 1_000, "note": "a voice"}},
}
# Of one response: 2 s at 0.6 a minute, 1000 x 10 and 100 x 100 a million, 50 x 1000 a million.
STT, LLM, TTS = 0.02, 0.02, 0.05


def response(session: str, name: str = "r", **more: Any) -> StageRecord:
    settled: dict[str, Any] = {
        "transcript_ns": 1,
        "first_token_ns": 2,
        "providers": NAMES,
        "heard_s": 2.0,
        "tokens_in": 1_000,
        "tokens_out": 100,
        "characters": 50,
    }
    return StageRecord(
        session_id=session,
        response_id=name,
        frame_end_samples=(),
        frame_received_ns=(),
        endpoint_ns=0,
        **(settled | more),
    )


Priced = Callable[..., CostSummary]


@pytest.fixture
def priced(make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun) -> Priced:
    """Return how to price two calls of two minutes each, that the cascade knows as p0 and p1."""

    def price(
        stages: Sequence[StageRecord],
        prices: dict[str, Any] = LIST,
        model: str = "cascade",
        **second: Any,
    ) -> CostSummary:
        turns = [
            make_turn(session=f"s{k}", provider_ids={"session": f"p{k}", "response": "r"})
            for k in range(2)
        ]
        sessions = [
            make_session(f"s{k}", provider_session_id=f"p{k}", ready_ns=0, closed_ns=2 * MINUTE_NS)
            for k in range(2)
        ]
        sessions[1] = replace(sessions[1], **second)
        turns[1] = replace(turns[1], user_class=sessions[1].user_class)
        run = make_run(turns, sessions, model=model)
        return summarise(run, PriceList.from_dict(prices, "prices.toml"), stages=stages).cost

    return price


def test_stages_add_up_to_the_cost_of_the_run_and_of_a_minute_of_call(priced: Priced) -> None:
    log = [response("p0"), response("p1"), response("elsewhere", heard_s=999.0)]
    found = priced(log)
    assert found.cascade is not None
    rows = found.cascade.stages
    assert [(row.stage, row.provider) for row in rows] == list(
        zip(NAMES, NAMES.values(), strict=True)
    )
    assert [row.amount for row in rows] == pytest.approx([2 * STT, 2 * LLM, 2 * TTS])
    assert [row.per_minute for row in rows] == pytest.approx([STT / 2, LLM / 2, TTS / 2])
    assert [row.counts for row in found.cascade.stages] == [
        {"minutes": pytest.approx(0.067)},
        {"tokens read": 2_000, "tokens written": 200},
        {"characters": 100},
    ]
    assert (found.basis, found.minutes, found.turns, found.why) == ("stages", 4.0, 2, "")
    assert found.total == found.cascade.total == pytest.approx(2 * (STT + LLM + TTS))
    assert found.per_minute == found.cascade.per_minute == pytest.approx((STT + LLM + TTS) / 2)
    assert (found.prices.date, found.prices.source) == ("2026-02, 2026-01", "a test")
    assert (found.prices.note, found.detail) == ("a voice", None)


def test_a_response_that_no_turn_is_joined_to_is_paid_for_as_well(priced: Priced) -> None:
    call = response("p0", "calls a tool", characters=0)
    found = priced([call, response("p0"), response("p1")])
    assert found.cascade is not None
    assert found.cascade.responses == 3
    assert found.total == pytest.approx(3 * (STT + LLM) + 2 * TTS)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"providers": {**NAMES, "tts": "c hand"}}, "TTS: no price for 'c hand' in the list"),
        (
            {"providers": {**NAMES, "stt": "a ears at 127.0.0.1:8000"}},
            "STT: no price for 'a ears at 127.0.0.1:8000' in the list of 2026-01",
        ),
        ({"providers": {}}, "LLM: the log does not say which provider it was"),
        ({"tokens_in": None, "tokens_out": None}, "LLM: tokens were not counted in 1 of 2"),
        (
            {"tokens_in": None, "first_token_ns": None, "cancelled": True},
            "LLM: tokens were not counted in 1 of 2",
        ),
    ],
)
def test_one_unknown_stage_leaves_the_whole_unknown_and_is_named(
    priced: Priced, changed: dict[str, Any], why: str
) -> None:
    found = priced([response("p0"), response("p1", **changed)])
    assert found.cascade is not None
    assert (found.total, found.per_minute, found.turns) == (None, None, 0)
    assert (found.cascade.total, found.cascade.per_minute) == (None, None)
    assert why in found.why
    stage = why[:3].lower()
    unknown = {row.stage for row in found.cascade.stages if row.amount is None}
    assert unknown == (set(NAMES) if not changed.get("providers", NAMES) else {stage})


def test_what_was_never_asked_for_costs_nothing_at_whatever_price(priced: Priced) -> None:
    mute = {**LIST, "speech": {}}
    quiet: dict[str, Any] = {
        "characters": 0,
        "tokens_in": None,
        "first_token_ns": None,
        "transcript_ns": None,
    }
    failed = [response(name, failed_stage="stt", **quiet) for name in ("p0", "p1")]
    assert priced(failed, mute).total == pytest.approx(2 * STT)


def test_a_call_whose_end_is_not_known_is_in_the_total_and_in_no_average(priced: Priced) -> None:
    found = priced([response("p0"), response("p1")], closed_ns=None)
    assert found.total == pytest.approx(2 * (STT + LLM + TTS))
    assert found.minutes == 2.0
    assert found.per_minute == pytest.approx((STT + LLM + TTS) / 2)


def test_a_call_that_the_log_lacks_leaves_the_whole_unknown(priced: Priced) -> None:
    found = priced([response("p0")])
    assert (found.total, found.per_minute) == (None, None)
    assert "the stage log lacks 1 call that had a response" in found.why


def test_a_price_of_the_whole_cascade_comes_before_those_of_its_stages(priced: Priced) -> None:
    whole = {**LIST, "models": {"cascade": {"per_minute": 1}}}
    found = priced([response("p0"), response("p1")], whole)
    assert (found.basis, found.total) == ("time", 4.0)
    assert found.cascade is not None
    assert found.cascade.total == pytest.approx(2 * (STT + LLM + TTS))


def test_calls_of_another_target_keep_the_run_from_costing_what_the_cascade_does(
    priced: Priced,
) -> None:
    found = priced([response("p0")], user_class="Other")
    assert found.cascade is not None
    assert found.cascade.total == pytest.approx(STT + LLM + TTS)
    assert found.cascade.minutes == 2.0
    assert found.total is None


def test_without_a_log_there_is_no_cost_of_stages(priced: Priced) -> None:
    assert priced([]).cascade is None
