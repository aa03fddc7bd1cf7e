from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.analysis.networks import (
    Pings,
    changes,
    late_share,
    missing_changes,
    pings,
    proxy_overhead,
    too_quick,
)
from harness.model import (
    Direction,
    NetworkProfile,
    ProxyOverhead,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    SessionRecord,
    Stage,
    StallFigures,
    TurnRecord,
    UpdateStats,
)

MS = 1_000_000
WAY = Direction(delay_ms=50)
FAR = NetworkProfile(name="far", up=WAY, down=WAY)
COST = ProxyOverhead(
    round_trips=9, direct_p50_ms=0.1, direct_p99_ms=0.2, proxied_p50_ms=0.3, proxied_p99_ms=0.9
)


def event(account: UpdateStats | None = None, proxy: ProxyOverhead | None = None) -> RunEvent:
    return RunEvent(kind=RunEventKind.NETWORK, at_ns=0, account=account, proxy=proxy)


def test_pings_are_those_of_a_networks_own_sessions(
    make_session: Callable[..., SessionRecord],
) -> None:
    sessions = [
        make_session("a", network="far", round_trips_ns=(100 * MS, 110 * MS)),
        make_session("b", network="near", round_trips_ns=(5 * MS,)),
        make_session("c", network="far", round_trips_ns=(120 * MS,)),
    ]
    found = pings(sessions, "far")
    assert found is not None
    assert (found.n, found.p50_ms) == (3, 110)
    assert pings(sessions, "none") is None


@pytest.mark.parametrize(
    ("n", "p50_ms", "quick"),
    [(40, 101, False), (40, 91, False), (40, 89, True), (19, 1, False), (20, 1, True)],
)
def test_pings_quicker_than_the_network_went_past_it(n: int, p50_ms: float, quick: bool) -> None:
    words = too_quick(FAR, Pings(n=n, p50_ms=p50_ms, p99_ms=900))
    assert bool(words) is quick
    assert not words or "network far" in words


def test_jitter_and_a_nearer_stage_are_allowed_for() -> None:
    few = Pings(n=20, p50_ms=85, p99_ms=900)
    shaky = replace(FAR, up=replace(WAY, jitter_ms=40), down=replace(WAY, jitter_ms=40))
    assert too_quick(FAR, few)
    assert not too_quick(shaky, few)
    near = Direction(delay_ms=10)
    assert not too_quick(replace(FAR, stages=(Stage(from_s=9, up=near, down=near),)), few)
    assert not too_quick(FAR, None)


@pytest.mark.parametrize(
    ("done", "minutes", "missing"), [(0, 1, True), (19, 1, True), (20, 1, False), (0, 0.5, False)]
)
def test_stalls_that_were_planned_and_not_made_are_missed(
    make_run: Callable[..., Run],
    make_turn: Callable[..., TurnRecord],
    make_session: Callable[..., SessionRecord],
    done: int,
    minutes: float,
    missing: bool,
) -> None:
    stalls = StallFigures(
        messages=9, mean_ms=1, p50_ms=0, p90_ms=0, p99_ms=9, late_share=0.1, per_minute=20
    )
    found = RealisedNetwork(
        profile="far", probes=40, verified=True, why="", up_planned=stalls, down_planned=stalls
    )
    account = UpdateStats(planned=done, done=done, failed=0)
    events = [
        RunEvent(kind=RunEventKind.NETWORK, at_ns=0, network=found),
        event(account if done else None),
        RunEvent(kind=RunEventKind.FINISHED, at_ns=1),
    ]
    session = make_session(network="far", ready_ns=0, closed_ns=round(minutes * 60_000 * MS))
    run = make_run([make_turn()], [session], networks=[FAR], events=events)
    assert bool(missing_changes(run)) is missing
    killed = replace(run, events=run.events[:1])
    assert not missing_changes(killed)
    staged = replace(FAR, stages=(Stage(from_s=9, up=WAY, down=WAY),))
    assert not missing_changes(make_run([make_turn()], [session], networks=[staged], events=events))


def test_only_turns_whose_network_was_to_change_count_for_lateness(
    make_turn: Callable[..., TurnRecord],
) -> None:
    turns = [make_turn(network_late_ns=ns) for ns in (None, None, 0, 0, 0, 7)]
    assert late_share(turns) == 0.25
    assert late_share(turns[:2]) is None


def test_the_accounts_of_processes_add_up_and_the_worst_lag_stays() -> None:
    one = UpdateStats(planned=10, done=9, failed=1, lag_p50_ms=1, lag_p99_ms=9, lag_max_ms=9)
    two = UpdateStats(planned=5, done=5, failed=0, lag_p50_ms=2, lag_p99_ms=3, lag_max_ms=30)
    none = UpdateStats(planned=1, done=0, failed=1)
    found = changes([event(one), event(), event(two), event(none)])
    assert found == UpdateStats(
        planned=16, done=14, failed=2, lag_p50_ms=2, lag_p99_ms=9, lag_max_ms=30
    )
    assert changes([event()]) is None


def test_the_proxy_overhead_is_that_of_the_process_where_it_cost_most() -> None:
    dear = replace(COST, proxied_p50_ms=4.0)
    assert proxy_overhead([event(proxy=COST), event(proxy=dear), event()]) is dear
    assert dear.added_ms == pytest.approx(3.9)
    assert proxy_overhead([]) is None
