from collections.abc import Callable
from dataclasses import replace

from harness.model import (
    Direction,
    NetworkProfile,
    ProxyOverhead,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    StallFigures,
    Summary,
    UpdateStats,
)
from harness.report.blocks import Facts, Table
from harness.report.formatting import MISSING
from harness.report.networks import network

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]
LOSSY = Direction(delay_ms=20, loss=0.01, burst_ms=60)


def figures(per_minute: float) -> StallFigures:
    return StallFigures(
        messages=900,
        mean_ms=per_minute / 10,
        p50_ms=0,
        p90_ms=1,
        p99_ms=61,
        late_share=0.0123,
        per_minute=per_minute,
    )


def lossy_run(run: Run) -> Run:
    profile = NetworkProfile(name="lossy", up=LOSSY, down=LOSSY)
    found = RealisedNetwork(
        profile="lossy",
        probes=40,
        verified=True,
        why="as planned",
        rtt_p50_ms=40,
        up_stalls=figures(33),
        down_stalls=figures(44),
        up_planned=figures(30),
        up_baseline_ms=0.7,
        down_planned=figures(40),
    )
    account = UpdateStats(
        planned=2000, done=1999, failed=1, lag_p50_ms=0.4, lag_p99_ms=3.2, lag_max_ms=20
    )
    cost = ProxyOverhead(
        round_trips=99, direct_p50_ms=0.1, direct_p99_ms=1, proxied_p50_ms=0.35, proxied_p99_ms=2
    )
    kind = RunEventKind.NETWORK
    return replace(
        run,
        manifest=replace(run.manifest, networks=(profile,)),
        turns=tuple(
            replace(turn, network="lossy", network_late_ns=int(number % 4 == 0))
            for number, turn in enumerate(run.turns)
        ),
        sessions=tuple(
            replace(one, network="lossy", round_trips_ns=(41_000_000,) * 9) for one in run.sessions
        ),
        events=(
            RunEvent(kind=kind, at_ns=0, network=found),
            RunEvent(kind=kind, at_ns=9, account=account, proxy=cost),
            *run.events,
        ),
    )


def test_stalls_stand_as_found_above_as_planned_in_both_directions(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = lossy_run(make_run())
    delays, stalls, facts = network(summary_of(run)).parts
    assert isinstance(delays, Table)
    assert delays.rows[0][-1] == "41.0"
    assert isinstance(stalls, Table)
    up, down = stalls.rows
    assert up[:2] == ("lossy", "up, loss 1 % for 60 ms at a time")
    assert up[2:4] == ("0.70", ("33.0", "30.0"))
    assert down[2:4] == (MISSING, ("44.0", "40.0"))
    assert up[-1] == ("1.2 %", "1.2 %")
    assert isinstance(facts, Facts)
    said = dict(facts.pairs)
    assert "P99 3.20 ms" in said["Changes while calls ran"]
    assert "25.0 %" in said["Turns with a change late by more than half a frame"]
    assert "0.35 ms through it" in said["The proxy itself, at the load of the run"]


def test_what_has_no_stalls_and_no_changes_has_one_table(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    (delays,) = network(summary_of(make_run())).parts
    assert isinstance(delays, Table)
    assert [row[0] for row in delays.rows] == ["ideal", "lte_good", "wifi_busy"]
