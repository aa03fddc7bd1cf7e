from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis import PriceList, parse_objectives
from harness.analysis.capacity.after_limit import drifts_in, spike_in
from harness.analysis.capacity.demand import Demand, demands_of
from harness.analysis.capacity.held_run import HeldCallers
from harness.analysis.prices import Price, TokenTariff
from harness.model import NS_PER_S, Check, DurationSummary, Run, SessionRecord

PRICES = PriceList(date="2026-01-01", currency="USD", source="a test", models={})
HeldRun = Callable[..., Run]


@pytest.fixture
def demands() -> tuple[Demand, ...]:
    latency = {"metric": "voice_to_voice", "percentile": 95, "limit_ms": 1_000}
    tables = {"objective": [latency, {"failure_rate": 0.01}]}
    return demands_of(parse_objectives(tables, "slo.toml"), "slo.toml")[0]


def surge(held_run: HeldRun, begin_s: float, end_s: float, origin_s: float = 0.0) -> Run:
    """Return a run whose sessions lie between two instants of the held callers' clock."""
    run = held_run(callers=8, seconds=10)
    sessions: list[SessionRecord] = [
        replace(
            session,
            open_start_ns=round((begin_s - origin_s) * NS_PER_S),
            closed_ns=round((end_s - origin_s) * NS_PER_S),
        )
        for session in run.sessions
    ]
    manifest = replace(run.manifest, origin_ns=round(origin_s * NS_PER_S))
    return replace(run, sessions=tuple(sessions), manifest=manifest)


def test_what_a_spike_breaks_in_the_turns_of_those_held(
    held_run: HeldRun, demands: tuple[Demand, ...]
) -> None:
    asked = HeldCallers(load=8, ramp_s=0, hold_s=120)
    held = held_run(seconds=120, latency_ms=lambda at: 3_000.0 if 45 <= at < 70 else 800.0)
    for origin_s in (0.0, 25.0):
        found = spike_in(held, surge(held_run, 40, 60, origin_s), PRICES, demands, asked)
        assert found.why == ""
        assert (found.load, found.peak) == (8, 16)
        assert found.seconds == pytest.approx(20)
        latency, failures = found.broken
        assert latency.subject == "voice_to_voice P95 at most 1000 ms"
        assert latency.broke_within_s == pytest.approx(10, abs=5)
        assert latency.back_within_s == pytest.approx(15, abs=5)
        assert failures.broke_within_s is None


def test_checks_and_sessions_are_looked_at_over_the_time_of_a_spike(held_run: HeldRun) -> None:
    """A check a turn, failed from the 45th second to the 70th; no session is opened later on."""
    tables = [
        {"failed_checks": 0.05},
        {"metric": "session_setup", "percentile": 95, "limit_ms": 1_000},
    ]
    asked = HeldCallers(load=8, ramp_s=0, hold_s=120)
    held = held_run(seconds=120)
    checks = tuple(
        Check(what="greeted", passed=not 45 <= 2 + 5 * index < 70, turn_index=index)
        for index in range(24)
    )
    held = replace(held, sessions=tuple(replace(s, checks=checks) for s in held.sessions))
    both, _ = demands_of(parse_objectives({"objective": tables}, "slo.toml"), "slo.toml")
    failed, setup = spike_in(held, surge(held_run, 40, 60), PRICES, both, asked).broken
    assert failed.before == 0
    assert failed.during == pytest.approx(15 / 20, abs=0.1)
    assert failed.broke_within_s == pytest.approx(10, abs=5)
    assert failed.back_within_s == pytest.approx(15, abs=5)
    assert setup.subject == "session_setup P95 at most 1000 ms"
    assert (setup.during, setup.judged) == (None, False)


def test_a_spike_that_cannot_be_told_says_why(
    held_run: HeldRun, demands: tuple[Demand, ...]
) -> None:
    asked = HeldCallers(load=8, ramp_s=0, hold_s=60)
    outside = spike_in(held_run(), surge(held_run, 40, 90), PRICES, demands, asked)
    assert "not inside" in outside.why
    nobody = replace(surge(held_run, 20, 30), sessions=())
    why = spike_in(held_run(), nobody, PRICES, demands, asked).why
    assert why == "of the callers on top, no session was opened"
    few = surge(held_run, 20, 30)
    few = replace(few, sessions=few.sessions[:6])
    assert "only 6 of 8 callers" in spike_in(held_run(), few, PRICES, demands, asked).why
    late = DurationSummary(n=9, p50_ms=1, p99_ms=90, p999_ms=90, max_ms=90)
    unfit = held_run(send_lateness=late)
    assert "lateness" in spike_in(unfit, surge(held_run, 20, 30), PRICES, demands, asked).why


def test_latency_that_grows_in_a_soak_is_shown(held_run: HeldRun) -> None:
    asked = HeldCallers(load=12, ramp_s=0, hold_s=600)
    run = held_run(callers=12, seconds=600, latency_ms=lambda at: 800.0 + at)
    latency, failures, cost = drifts_in(run, PRICES, asked)
    assert latency.per_hour == pytest.approx(3_600, rel=1e-3)
    assert latency.is_shown
    assert failures.per_hour == pytest.approx(0)
    assert not failures.is_shown
    assert cost.per_hour is None
    assert "sessions" in cost.why


def test_runs_without_a_turn_are_not_known(held_run: HeldRun, demands: tuple[Demand, ...]) -> None:
    asked = HeldCallers(load=8, ramp_s=0, hold_s=60)
    empty = replace(held_run(), turns=())
    assert "no turn" in spike_in(empty, surge(held_run, 20, 30), PRICES, demands, asked).why
    assert all("no turn" in one.why for one in drifts_in(empty, PRICES, asked))


def test_cost_drifts_over_sessions_that_began_while_all_were_held(held_run: HeldRun) -> None:
    """Twelve calls at once, before the ramp is over, and twelve later ones."""
    asked = HeldCallers(load=12, ramp_s=10, hold_s=40)
    run = held_run(callers=24)
    price = Price(input=Decimal("10.0"), cached=Decimal("1.0"), output=Decimal("20.0"))
    models = {"gpt-realtime-2.1": TokenTariff(audio=price, text=price)}
    sessions = [
        replace(session, ready_ns=(20 + number) * NS_PER_S if number >= 12 else session.ready_ns)
        for number, session in enumerate(run.sessions)
    ]
    prices = replace(PRICES, models=models)
    *_, cost = drifts_in(replace(run, sessions=tuple(sessions)), prices, asked)
    assert cost.n == 12
    assert cost.hours == pytest.approx(11 / 3_600)


def test_a_soak_by_an_unfit_generator_is_not_known(held_run: HeldRun) -> None:
    late = DurationSummary(n=9, p50_ms=1, p99_ms=90, p999_ms=90, max_ms=90)
    asked = HeldCallers(load=8, ramp_s=0, hold_s=60)
    drifts = drifts_in(held_run(send_lateness=late), PRICES, asked)
    assert all(one.per_hour is None and "lateness" in one.why for one in drifts)
