from dataclasses import replace

import pytest

from harness.analysis import assess_validity
from harness.errors import Fault, Party, Phase
from harness.load.monitoring import recent_run
from harness.load.monitoring.recent_run import RecentRun
from harness.model import (
    Direction,
    NetworkProfile,
    RealisedNetwork,
    RunEvent,
    RunEventKind,
    StallFigures,
    TurnStatus,
    ValidityState,
)
from harness.recording import Batch, Histogram
from tests.analysis.conftest import MS, build_run, build_session, build_turn

FINISHED = RunEvent(kind=RunEventKind.FINISHED, at_ns=1)


def lateness(worst_ms: int) -> dict[str, Histogram]:
    found = {"send_lateness": Histogram(), "loop_lag": Histogram()}
    for histogram in found.values():
        histogram.record_many([MS // 10] * 99 + [worst_ms * MS])
    return found


def test_a_run_of_which_most_is_still_to_come_is_valid() -> None:
    turns = [build_turn(session=f"s{i}") for i in range(20)]
    run = build_run(turns, calls_planned=500, turns_planned=500)
    recent = RecentRun(run.manifest)
    recent.take(Batch(turns=turns, sessions=list(run.sessions), histograms=lateness(1)))
    assert recent.validity().state is ValidityState.VALID
    assert assess_validity(run).state is not ValidityState.VALID
    recent.take(Batch(events=[FINISHED]))
    assert recent.validity() == assess_validity(replace(run, events=(FINISHED,)))


def test_changes_to_networks_are_told_at_the_end_and_not_missing_before() -> None:
    planned = StallFigures(
        messages=9, mean_ms=1, p50_ms=0, p90_ms=0, p99_ms=9, late_share=0.1, per_minute=20
    )
    realised = RealisedNetwork(
        profile="ideal", probes=40, verified=True, why="", up_planned=planned, down_planned=planned
    )
    probed = RunEvent(kind=RunEventKind.NETWORK, at_ns=0, network=realised)
    turns = [build_turn(session=f"s{i}") for i in range(20)]
    way = Direction()
    profile = NetworkProfile(name="ideal", up=way, down=way, source="test", note="")
    run = build_run(turns, networks=[profile])
    recent = RecentRun(run.manifest)
    recent.take(Batch(events=[probed]))
    recent.take(Batch(turns=turns, sessions=list(run.sessions), histograms=lateness(1)))
    for number in range(2 * recent_run._LATEST_EVENTS):
        recent.take(Batch(events=[RunEvent(kind=RunEventKind.NETWORK, at_ns=number)]))
    assert recent.validity().state is ValidityState.VALID
    recent.take(Batch(events=[FINISHED]))
    assert [reason for reason in recent.validity().reasons if "stalls were planned" in reason]


def test_what_spoils_a_run_shows_as_the_report_would_say_it() -> None:
    turns = [build_turn(session=f"s{i}") for i in range(20)]
    void = [build_turn(session="v", status=TurnStatus.VOID, party=Party.OURS) for _ in range(5)]
    run = build_run([*turns, *void])
    recent = RecentRun(run.manifest)
    recent.take(Batch(turns=[*turns, *void], sessions=list(run.sessions), histograms=lateness(1)))
    judged = recent.validity()
    assert judged.state is ValidityState.INVALID
    assert judged.reasons == assess_validity(run).reasons


def test_lateness_of_frames_is_of_the_whole_run() -> None:
    recent = RecentRun(build_run([build_turn()]).manifest)
    for worst_ms in (30, 1, 1):
        recent.take(Batch(turns=[build_turn()], histograms=lateness(worst_ms)))
    whole = recent.send_lateness.summary()
    assert whole is not None
    assert (whole.n, whole.max_ms) == (300, 30.0)
    assert any("lateness" in reason for reason in recent.validity().reasons)


def test_events_are_heard_and_what_was_let_go_of_is_not_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent_run, "LATEST_TURNS", 10)
    turns = [build_turn(session=f"s{i // 4}", index=i % 4) for i in range(30)]
    run = build_run(turns)
    recent = RecentRun(replace(run.manifest, calls_planned=8))
    recent.take(Batch(turns=turns, histograms=lateness(1)))
    lost = Fault(Party.THEIRS, Phase.PLAYOUT, "close_1011")
    ended = [build_session(s.session_id, turns_planned=4, fault=lost) for s in run.sessions]
    recent.take(Batch(sessions=ended[:-1]))
    assert not [reason for reason in recent.validity().reasons if "turns planned" in reason]
    recent.take(Batch(events=[RunEvent(kind=RunEventKind.WORKER_LOST, at_ns=1, detail="w1")]))
    assert any("worker was lost" in reason for reason in recent.validity().reasons)
