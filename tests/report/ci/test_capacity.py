import json
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.findings import CapacityFindings, findings_of
from harness.analysis.capacity.search import Search, SearchRule
from harness.analysis.capacity.spike import Broken, Spike
from harness.analysis.capacity.steady_state import Steadiness
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.analysis.quantiles import Sample, estimate
from harness.report.ci.capacity import capacity_document, capacity_text, step_verdict

_DASH = "\N{EN DASH}"
FACTS = (("Scenario", "conversation"), ("Target", "ws://<host>"), ("Seed", "1"))


def step(load: int, *, late: bool, unfit: str = "") -> StepResult:
    values = np.linspace(700, 900, 200) + (2_000 if late else 0)
    sessions = np.arange(200) // 4
    share = ObjectiveShare(
        subject="voice_to_voice P95 at most 1500 ms",
        allowed=0.05,
        missed=values > 1_500,
        sessions=sessions,
        blocks=np.arange(200) % 6,
        value_ms=float(values[-10]),
    )
    sample = Sample(values, sessions)
    return StepResult(
        load=load,
        run=f"run-{load}",
        seconds=60.0,
        shares=() if unfit else (share,),
        unfit=unfit,
        cost=0.25,
        turns=200,
        failed=0.0,
        metric="voice_to_voice",
        p50=estimate(sample, 0.5),
        p95=estimate(sample, 0.95),
    )


@pytest.fixture
def found() -> CapacityFindings:
    search = Search(SearchRule(start=8), np.random.default_rng(1))
    search.record(step(8, late=False, unfit="frames were <late>"))
    while (load := search.next) is not None:
        search.record(step(load, late=load > 12))
    drift = Drift(
        what="latency", unit="ms", start=800, per_hour=3, low=-1, high=7, n=9, sessions=3, hours=2
    )
    broken = Broken(
        subject="failure rate",
        before=None,
        during=0.5,
        judged=True,
        broke_within_s=5.0,
        back_within_s=None,
    )
    spike = Spike(load=12, peak=24, seconds=30, watched_s=60, broken=(broken,))
    short = Drift(what="cost", unit="USD", why="needs 10 sessions")
    return replace(findings_of(search, ("a note",)), spike=spike, soak=(drift, short))


def test_text_tells_limit_steps_spike_and_soak(found: CapacityFindings) -> None:
    text = "\n".join(capacity_text(found))
    assert "12 calls [12, 12]." in text
    assert "boundary        cliff" in text
    assert "unfit: frames were <late>" in text
    assert "misses voice_to_voice P95 at most 1500 ms" in text
    assert "broke within 5 s, not seen to be back (missed \N{EN DASH} before, 50.0% during)" in text
    assert "+3 ms an hour [-1, +7] over 2.00 h, n 9: no change beyond chance" in text
    assert "cost: unknown: needs 10 sessions" in text
    assert "note: a note" in text


def test_a_spike_that_is_not_known_says_why(found: CapacityFindings) -> None:
    spike = Spike(load=1, peak=2, seconds=0, watched_s=0, why="nobody called")
    assert "spike           unknown: nobody called" in capacity_text(replace(found, spike=spike))
    held = Broken(
        subject="s",
        before=0,
        during=0,
        judged=True,
        broke_within_s=None,
        back_within_s=None,
    )
    back = replace(held, broke_within_s=5.0, back_within_s=3.0)
    lines = capacity_text(replace(found, spike=replace(spike, why="", broken=(back,))))
    assert any("s: broke within 5 s, back within 3 s of its end" in line for line in lines)
    lines = capacity_text(replace(found, spike=replace(spike, why="", broken=(held,))))
    assert any("s: held" in line for line in lines)
    unknown = replace(held, during=None, judged=False)
    lines = capacity_text(replace(found, spike=replace(spike, why="", broken=(unknown,))))
    assert any(
        "s: not known, too few turns (missed 0.0% before, \N{EN DASH}" in line for line in lines
    )


def test_what_was_not_made_says_why(found: CapacityFindings) -> None:
    missing = replace(found, spike=None, not_made=(("spike", "the budget is spent"),))
    assert "spike           not made: the budget is spent" in capacity_text(missing)
    document = capacity_document(missing, FACTS, "USD", None)
    assert document["not_made"] == {"spike": "the budget is spent"}


def test_only_steps_that_are_shown_to_be_unsteady_are_called_so() -> None:
    one = step(4, late=False)
    assert step_verdict(one) == "meets all"
    trend = Steadiness(steady=False, why="latency rises")
    assert step_verdict(replace(one, steadiness=trend)) == "meets all; not steady: latency rises"


def test_document_holds_everything_as_plain_values(found: CapacityFindings) -> None:
    document = json.loads(json.dumps(capacity_document(found, FACTS, "USD", 13)))
    assert document["schema"] == "harness.capacity/1"
    assert document["verdict"] == "fail"
    assert document["search"]["target"] == "ws://<host>"
    assert document["currency"] == "USD"
    assert document["limit"] == {
        "calls": 12,
        "low": 12,
        "high": 12,
        "missed_first": "voice_to_voice P95 at most 1500 ms",
        "most_held": 12,
    }
    unfit, first = document["steps"][:2]
    assert unfit["unfit"] == "frames were <late>"
    assert unfit["objectives"] == []
    assert first["objectives"][0]["missed"] == 0
    assert first["p95"]["n"] == 200
    assert document["spike"]["back_within_s"] is None
    assert document["soak"][0]["low"] == -1
    assert document["curves"][0]["calls"][0] == 8


def test_nothing_known_is_none(found: CapacityFindings) -> None:
    search = Search(SearchRule(), np.random.default_rng(1), [step(1, late=False, unfit="x")] * 2)
    document = capacity_document(findings_of(search), FACTS, "USD", None)
    assert document["limit"] is None
    assert document["boundary"] is None
    assert document["spike"] is None
    assert document["verdict"] == "inconclusive"
    assert len(list(capacity_text(findings_of(search)))) >= 3
