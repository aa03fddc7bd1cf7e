from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.analysis.cost import PriceList
from harness.analysis.gate import GateVerdict, judge_objectives, overall, parse_objectives
from harness.analysis.summary import summarise
from harness.errors import BadInput, Party, RunInvalid
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
        summary = summarise(run, PRICES)
        (found,) = judge_objectives(
            summary, parse_objectives({"objective": [objective]}, "slo.toml")
        )
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
    found = judged(percentile(95, 1_600), timeouts=4)
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


def test_without_a_failure_380_turns_prove_one_percent(judged: Judge) -> None:
    settle = judged({"failure_rate": 0.01}).settle
    assert 381 <= int(settle.split()[1]) <= 381 * 1.06
    assert judged({"failure_rate": 0.01}, n=381).verdict is GateVerdict.PASS
    assert judged({"failure_rate": 0.01}, n=379).verdict is GateVerdict.INCONCLUSIVE


def test_a_rate_at_its_limit_is_never_settled(judged: Judge) -> None:
    found = judged({"failure_rate": 0.05}, failed=10)
    assert found.settle == "no number of turns: the estimate is at the limit"


def test_an_invalid_run_gets_no_verdict(make_run: MakeRun, make_turn: MakeTurn) -> None:
    spoiled = make_run([make_turn(None, status=TurnStatus.VOID, party=Party.OURS)])
    objectives = parse_objectives({"objective": [{"failure_rate": 0.5}]}, "slo.toml")
    with pytest.raises(RunInvalid, match="no turn was measured"):
        judge_objectives(summarise(spoiled, PRICES), objectives)


def test_a_network_that_was_not_in_the_run_is_refused_by_name(judged: Judge) -> None:
    with pytest.raises(BadInput, match="no network 'lte'"):
        judged(percentile(50, 1_000, network="lte"))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([GateVerdict.PASS, GateVerdict.PASS], GateVerdict.PASS),
        ([GateVerdict.PASS, GateVerdict.INCONCLUSIVE], GateVerdict.INCONCLUSIVE),
        ([GateVerdict.INCONCLUSIVE, GateVerdict.FAIL, GateVerdict.PASS], GateVerdict.FAIL),
        ([], GateVerdict.INCONCLUSIVE),
    ],
)
def test_the_worst_verdict_is_the_runs(
    judged: Judge, verdicts: list[GateVerdict], expected: GateVerdict
) -> None:
    examples = {
        GateVerdict.PASS: judged(percentile(50, 60_000)),
        GateVerdict.FAIL: judged(percentile(50, 1)),
        GateVerdict.INCONCLUSIVE: judged(percentile(99, 1)),
    }
    assert overall(examples[verdict] for verdict in verdicts) is expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "has no objective"),
        ({"objective": []}, "has no objective"),
        ({"objective": [{"failure_rate": 0.1}], "slo": 1}, "unknown key `slo`"),
        ({"objective": [1]}, "objective 1: is not a table"),
        ({"objective": [{"failure_rate": 0.1}, {"metric": "x"}]}, "objective 2: has no `limit_ms`"),
        ({"objective": [percentile(95, 1, netwrok="x")]}, "unknown key `netwrok`"),
        ({"objective": [percentile(95, 1, metric="ttfb")]}, "does not know the metric 'ttfb'"),
        ({"objective": [percentile(97, 1)]}, "`percentile` is 97"),
        ({"objective": [percentile(95, -1)]}, "`limit_ms` is -1"),
        ({"objective": [percentile(95, float("nan"))]}, "`limit_ms` is nan"),
        ({"objective": [percentile(95, 1, network=3)]}, "`network` is not text"),
        ({"objective": [{"failure_rate": True}]}, "`failure_rate` is True"),
        ({"objective": [{"failure_rate": 5}]}, "`failure_rate` is 5"),
        ({"objective": [{"failure_rate": 0.1, "limit_ms": 3}]}, "unknown key `limit_ms`"),
    ],
)
def test_a_file_of_objectives_that_makes_no_sense_is_refused_by_name(
    data: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse_objectives(data, "slo.toml")
    assert "slo.toml" in str(refused.value)
    assert words in str(refused.value)
