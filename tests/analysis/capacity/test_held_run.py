from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.analysis import PriceList, parse_objectives
from harness.analysis.capacity.demand import Demand, demands_of
from harness.analysis.capacity.held_run import HeldCallers, step_of
from harness.analysis.capacity.step import StepResult
from harness.errors import BadInput
from harness.model import NS_PER_S, Check, DurationSummary, Run

PRICES = PriceList(date="2026-01-01", currency="USD", source="a test", models={})
HELD = HeldCallers(load=8, ramp_s=10, hold_s=40)
HeldRun = Callable[..., Run]


def demands(*more: dict[str, object]) -> tuple[Demand, ...]:
    latency = {"metric": "voice_to_voice", "percentile": 95, "limit_ms": 1_000}
    tables = [latency, {"failure_rate": 0.01}, *more]
    return demands_of(parse_objectives({"objective": tables}, "slo.toml"), "slo.toml")[0]


def step(run: Run, asked: HeldCallers = HELD, *more: dict[str, object]) -> StepResult:
    return step_of(run, PRICES, demands(*more), asked, 55.0)


def test_turns_count_while_all_callers_are_held(held_run: HeldRun) -> None:
    """Slow while callers are started and after no call is begun any more: neither counts."""
    found = step(held_run(latency_ms=lambda at: 800.0 if 10 <= at < 48 else 5_000.0))
    assert found.unfit == ""
    assert found.turns == 8 * 8
    assert [share.share for share in found.shares] == [0, 0]
    assert found.margin > 0
    assert (found.load, found.seconds, found.warm_up_s) == (8, 55.0, 0.0)
    assert found.turns_per_s == pytest.approx(64 / 40)
    assert found.p50 is not None
    assert found.p50.value_ms == 800


def test_instants_count_from_the_first_call(held_run: HeldRun) -> None:
    assert step(held_run(begin_s=30.0)).turns == step(held_run()).turns


def test_a_failed_turn_has_missed_its_latency(held_run: HeldRun) -> None:
    run = held_run(latency_ms=lambda at: None if at == 22 else 800.0)
    late, failed = step(run).shares
    assert late.share == failed.share == pytest.approx(1 / 8)
    assert late.value_ms == 15_000
    assert step(run).failed == pytest.approx(1 / 8)


def test_latency_at_the_percentile_is_told(held_run: HeldRun) -> None:
    found = step(held_run(latency_ms=lambda at: 1_200.0 if at < 30 else 700.0))
    assert found.shares[0].value_ms == 1_200
    assert found.margin < 0


def test_a_generator_that_was_late_makes_the_step_unfit(held_run: HeldRun) -> None:
    late = DurationSummary(n=9, p50_ms=1, p99_ms=90, p999_ms=90, max_ms=90)
    found = step(held_run(send_lateness=late))
    assert "frame lateness" in found.unfit
    assert found.shares == ()


def test_callers_that_never_called_make_the_step_unfit(held_run: HeldRun) -> None:
    found = step(held_run(callers=7))
    assert "only 7 of 8 callers had called" in found.unfit


def test_a_run_without_turns_is_unfit(held_run: HeldRun) -> None:
    assert step(replace(held_run(), turns=())).unfit == "no turn was recorded"


def test_nothing_to_judge_by_is_unfit_and_an_unknown_part_is_bad_input(held_run: HeldRun) -> None:
    greeting = {"metric": "greeting", "percentile": 95, "limit_ms": 1_000}
    found = step(held_run(), HELD, greeting)
    assert "nothing tells whether greeting P95 at most 1000 ms is met" in found.unfit
    assert found.untold
    elsewhere = {"metric": "voice_to_voice", "percentile": 95, "limit_ms": 1, "network": "lte"}
    with pytest.raises(BadInput, match="no network 'lte'"):
        step(held_run(), HELD, elsewhere)


def test_where_every_turn_failed_nothing_was_whole(held_run: HeldRun) -> None:
    """Of no response that was heard, continuity is not known; that is not the generator's fault."""
    found = step(held_run(latency_ms=lambda at: None), HELD, {"continuity": 0.98})
    assert found.unfit == ""
    assert [share.share for share in found.shares] == [1.0, 1.0, 1.0]


def test_sessions_count_that_were_opened_while_all_are_held(held_run: HeldRun) -> None:
    """Eight calls that begin with the step; four later ones are slower to set up."""
    setup = {"metric": "session_setup", "percentile": 90, "limit_ms": 250}
    whole = held_run(callers=12)
    opened_ns = [(0 if number < 8 else 20 + number) * NS_PER_S for number in range(12)]
    sessions = [
        replace(session, open_start_ns=at_ns, ready_ns=at_ns + 100_000_000 * (1 + number // 4))
        for number, (session, at_ns) in enumerate(zip(whole.sessions, opened_ns, strict=True))
    ]
    found = step(replace(whole, sessions=tuple(sessions)), HELD, setup)
    assert len(found.shares[2].missed) == 4
    assert found.shares[2].share == 1.0
    assert found.shares[2].value_ms == 300
    assert step(held_run(), HELD, setup).untold


def test_checks_count_once_each_and_only_while_all_are_held(held_run: HeldRun) -> None:
    """One check a turn; those of the turns after the ramp and before the end count."""
    whole = held_run(callers=8)
    checks = tuple(
        Check(what="greeted", passed=index != 5, turn_index=index) for index in range(12)
    )
    sessions = tuple(replace(session, checks=checks) for session in whole.sessions)
    found = step(replace(whole, sessions=sessions), HELD, {"failed_checks": 0.05})
    assert len(found.shares[2].missed) == len(found.shares[0].missed) == 64
    assert found.shares[2].share == pytest.approx(1 / 8)
    assert len(set(found.shares[2].blocks)) == 6
