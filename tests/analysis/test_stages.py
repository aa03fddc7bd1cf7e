from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.metrics import heard_ms
from harness.analysis.stages import CASCADE_STAGES, cascade_summary, stage_ms, stage_samples
from harness.analysis.summary import summarise
from harness.errors import Fault, Party, Phase
from harness.load.price_list import bundled_prices
from harness.model import Run, StageRecord, TurnRecord, TurnStatus
from tests.analysis.conftest import build_turn

MakeRun = Callable[..., Run]
MS = 1_000_000
RATE_HZ = 24_000
FRAME = 480
START_NS = 7_000_000_000
# The caller's last sample is the last of frame 10, which came 200 ms after the start.
LAST = 10 * FRAME - 1
PLANTED_MS = (210.0, 120.0, 80.0, 60.0, 90.0, 0.5)


def record(response: str = "r", *, so_far: int = 6, session: str = "p") -> StageRecord:
    """Return a response whose stages took what is planted, as far as it came."""
    at_ns, instants = START_NS + 200 * MS, list[int | None]()
    for number, planted_ms in enumerate(PLANTED_MS):
        at_ns += round(planted_ms * MS)
        instants.append(at_ns if number < so_far else None)
    names = [stage.end for stage in CASCADE_STAGES]
    reached: dict[str, Any] = dict(zip(names, instants, strict=False))
    return StageRecord(
        session_id=session,
        response_id=response,
        frame_end_samples=tuple(FRAME * (k + 1) for k in range(30)),
        frame_received_ns=tuple(START_NS + 20 * MS * (k + 1) for k in range(30)),
        **reached,
    )


def turn(response: str = "r", latency_ms: float | None = 600.0, session: str = "s0") -> TurnRecord:
    status = TurnStatus.COMPLETED if latency_ms is not None else TurnStatus.FAILED
    ids = {"session": "p", "response": response}
    made = build_turn(latency_ms, session=session, status=status, provider_ids=ids)
    return replace(made, speech_end_sample=LAST)


@given(st.floats(561.0, 5_000.0))
def test_stages_are_as_planted_and_add_up_to_the_headline(latency_ms: float) -> None:
    heard = turn(latency_ms=latency_ms)
    *planted, delivery = (stage_ms(stage, heard, record(), RATE_HZ) for stage in CASCADE_STAGES)
    assert planted == pytest.approx(PLANTED_MS, abs=0.05)
    whole = heard_ms(heard)
    assert whole is not None
    assert delivery is not None
    assert sum(PLANTED_MS) + delivery == pytest.approx(whole, abs=0.05)


def test_a_stage_that_never_ended_is_not_measured_and_those_before_it_are() -> None:
    turns = [turn("r"), turn("q", None, session="s1"), turn("other", session="s2")]
    found = stage_samples(turns, [record("r"), record("q", so_far=2)], RATE_HZ)
    assert [len(values.values_ms) for _, values in found] == [2, 2, 1, 1, 1, 1, 1]
    assert [stage.name for stage, _ in found] == [stage.name for stage in CASCADE_STAGES]


def test_what_we_spoiled_and_what_has_another_name_is_in_no_stage() -> None:
    ours = Fault(Party.OURS, Phase.SEND, "test")
    spoiled = replace(turn(), status=TurnStatus.VOID, fault=ours)
    assert stage_samples([spoiled], [record()], RATE_HZ) == []
    assert stage_samples([turn()], [record(session="elsewhere")], RATE_HZ) == []


def test_a_summary_has_stages_only_beside_a_log_and_with_intervals(make_run: MakeRun) -> None:
    turns = [turn(f"r{number}", session=f"s{number}") for number in range(40)]
    run, prices = make_run(turns), bundled_prices()
    assert summarise(run, prices).stages is None
    logged = [record(f"r{number}") for number in range(40)]
    stages = summarise(run, prices, stages=logged).stages
    assert stages is not None
    assert list(stages) == [stage.name for stage in CASCADE_STAGES]
    stt = stages["stt"]
    assert (stt.n, stt.sessions, stt.p50.value, stt.p50.low) == (40, 40, 120.0, 120.0)
    assert stages["sending"].p50.value == pytest.approx(0.5)


def test_what_the_cascade_took_and_who_failed_is_counted() -> None:
    who = {"stt": "a", "llm": "b"}
    words = "the LLM provider answered 429"
    records = [
        replace(record("r"), providers=who, heard_s=2.0, tokens_in=30, tokens_out=7, characters=40),
        replace(record("q", so_far=2), providers=who, heard_s=1.0, failed_stage="llm"),
        replace(record("elsewhere"), heard_s=99.0),
    ]
    records[1] = replace(records[1], failure=words)
    found = cascade_summary([turn("r"), turn("q", None)], records)
    assert found is not None
    assert (found.responses, found.heard_s, found.characters) == (2, 3.0, 40)
    assert (found.failed, found.failures) == ({"llm": 1}, {words: 1})
    assert found.providers == {"stt": ("a",), "llm": ("b",)}
    # The one that failed may have taken tokens: then the sum is not known.
    assert (found.tokens_in, found.tokens_untold) == (None, 1)
    alone = cascade_summary([turn("r")], records)
    assert alone is not None
    assert (alone.tokens_in, alone.tokens_out, alone.tokens_untold) == (30, 7, 0)
    assert cascade_summary([turn("other")], records) is None


def test_an_llm_that_was_cut_off_before_its_first_word_may_have_taken_tokens() -> None:
    cut = replace(record(so_far=2), cancelled=True, heard_s=1.0)
    heard_nothing = replace(record(so_far=1), failed_stage="stt", heard_s=1.0)
    for one, untold in ((cut, 1), (heard_nothing, 0), (replace(cut, tokens_in=3, tokens_out=1), 0)):
        found = cascade_summary([turn()], [one])
        assert found is not None
        assert found.tokens_untold == untold
