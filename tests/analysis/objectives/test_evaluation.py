from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.analysis.objectives.evaluation import evaluate_objectives, resting_on
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.parsing import parse_objectives
from harness.analysis.objectives.verdict import GateVerdict
from harness.analysis.prices import PriceList
from harness.model import NetworkProfile, Run, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]
Judge = Callable[..., Any]

PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})


def percentile(percent: int, limit_ms: float, **more: Any) -> dict[str, Any]:
    return {"metric": "voice_to_voice", "percentile": percent, "limit_ms": limit_ms} | more


@pytest.fixture
def judged(make_run: MakeRun, make_turn: MakeTurn) -> Judge:
    """Judge one objective on 200 sessions of one turn, median 800 ms, `failed` of them failed."""

    def judged(
        objective: dict[str, Any],
        *,
        n: int = 200,
        failed: int = 0,
        timeouts: int = 0,
        broken_off: int = 0,
    ) -> Any:
        rng = np.random.default_rng(20260107)
        turns = [
            make_turn(float(latency_ms), session=f"s{number}")
            for number, latency_ms in enumerate(800 * np.exp(rng.normal(0, 0.3, n)))
        ]
        for number in range(failed):
            turns[number] = make_turn(None, session=f"s{number}", status=TurnStatus.FAILED)
        for number in range(failed, failed + timeouts):
            turns[number] = make_turn(None, session=f"s{number}", status=TurnStatus.TIMEOUT)
        for number in range(broken_off):
            turns[number] = make_turn(session=f"s{number}", status=TurnStatus.BROKEN_OFF)
        run = make_run(turns, networks=[NetworkProfile(name="unused")])
        asked = parse_objectives({"objective": [objective]}, "slo.toml")
        (found,) = evaluate_objectives(RunEvidence(run, PRICES), asked)
        return found

    return judged


def test_the_whole_interval_must_be_within_the_limit_to_pass(judged: Judge) -> None:
    assert judged(percentile(95, 1_600)).verdict is GateVerdict.PASS
    assert judged(percentile(95, 1_000)).verdict is GateVerdict.FAIL
    between = judged(percentile(95, 1_330))
    assert between.verdict is GateVerdict.INCONCLUSIVE
    assert "turns, if the percentile stays" in between.settle


def test_turns_to_settle_grow_as_the_limit_comes_closer(judged: Judge) -> None:
    def turns(limit_ms: float) -> int:
        return int(judged(percentile(50, limit_ms)).settle.split()[1])

    value = float(judged(percentile(50, 1.0)).measured.split()[0])
    assert 200 < turns(value + 20) < turns(value + 10) < turns(value + 5)


def test_a_percentile_that_n_does_not_support_is_never_a_pass(judged: Judge) -> None:
    found = judged(percentile(99, 60_000))
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert found.settle == "about 299 turns"
    assert "needs 299 turns, has 200" in found.measured


def test_no_data_is_never_a_pass(judged: Judge) -> None:
    for objective in (
        percentile(50, 60_000, network="unused"),
        {"metric": "barge_in_stop", "percentile": 50, "limit_ms": 60_000},
        {"failure_rate": 1.0, "network": "unused"},
    ):
        found = judged(objective)
        assert found.verdict is GateVerdict.INCONCLUSIVE
        assert found.measured == "no data"
        assert found.settle


def test_timeouts_cannot_make_a_run_pass(judged: Judge) -> None:
    assert judged(percentile(95, 1_600)).verdict is GateVerdict.PASS
    found = judged(percentile(95, 1_600), timeouts=30)
    assert found.verdict is GateVerdict.FAIL
    assert "at least 15000 ms" in found.measured


def test_an_upper_bound_among_the_timeouts_is_inconclusive(judged: Judge) -> None:
    found = judged(percentile(95, 1_600), timeouts=6)
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert "without a response" in found.settle


def test_a_limit_beyond_the_callers_patience_is_not_judged_by_it(judged: Judge) -> None:
    found = judged(percentile(50, 20_000), timeouts=200)
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert "wait longer" in found.settle


@pytest.mark.parametrize(
    ("failed", "limit", "verdict"),
    [
        (0, 0.02, GateVerdict.PASS),
        (0, 0.01, GateVerdict.INCONCLUSIVE),
        (20, 0.01, GateVerdict.FAIL),
        (3, 0.02, GateVerdict.INCONCLUSIVE),
        (200, 1.0, GateVerdict.PASS),
    ],
)
def test_the_failure_rate_is_judged_by_its_interval(
    judged: Judge, failed: int, limit: float, verdict: GateVerdict
) -> None:
    found = judged({"failure_rate": limit}, failed=failed)
    assert found.verdict is verdict
    assert bool(found.settle) is (verdict is GateVerdict.INCONCLUSIVE)


def test_responses_that_broke_off_fail_an_objective_on_the_failure_rate(judged: Judge) -> None:
    assert judged({"failure_rate": 0.01}, n=24, broken_off=24).verdict is GateVerdict.FAIL


def test_without_a_failure_299_turns_prove_one_percent(judged: Judge) -> None:
    settle = judged({"failure_rate": 0.01}).settle
    assert 299 <= int(settle.split()[1]) <= 299 * 1.03
    assert judged({"failure_rate": 0.01}, n=299).verdict is GateVerdict.PASS
    assert judged({"failure_rate": 0.01}, n=298).verdict is GateVerdict.INCONCLUSIVE


def test_a_rate_at_its_limit_is_never_settled(judged: Judge) -> None:
    found = judged({"failure_rate": 0.05}, failed=10)
    assert found.settle == "no number of turns: the estimate is at the limit"


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(0.90, GateVerdict.PASS), (0.95, GateVerdict.INCONCLUSIVE), (0.99, GateVerdict.FAIL)],
)
def test_of_an_attainment_more_is_better(judged: Judge, share: float, verdict: GateVerdict) -> None:
    objective = {"metric": "voice_to_voice", "within_ms": 1_310, "share": share}
    found = judged(objective)
    assert found.verdict is verdict
    assert bool(found.settle) is (verdict is GateVerdict.INCONCLUSIVE)


def test_an_attainment_is_missed_by_turns_that_failed(judged: Judge) -> None:
    objective = {"metric": "voice_to_voice", "within_ms": 60_000, "share": 0.97}
    assert judged(objective).verdict is GateVerdict.PASS
    assert judged(objective, failed=20).verdict is GateVerdict.FAIL


def test_what_bounds_rest_on_is_said() -> None:
    found = Measured(
        value=1.0, n=100, sessions=10, n_eff=50.0, design_effect=1.9, icc=0.1, low=0.5, high=2.0
    )
    words = "100 turns in 10 sessions, ICC 0.10, design effect 1.90: worth 50 independent turns"
    assert resting_on(found) == words
    assert resting_on(Measured(value=None)) == ""
