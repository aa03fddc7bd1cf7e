from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.validity import Validity, assess_validity
from harness.errors import Fault, Party, Phase
from harness.model import (
    ArrivalStamps,
    Direction,
    DurationSummary,
    NetworkProfile,
    ProxyOverhead,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    SessionRecord,
    TurnRecord,
    TurnStatus,
    UpdateStats,
    ValidityState,
)

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]
FINISHED = RunEvent(kind=RunEventKind.FINISHED, at_ns=1)
LTE = NetworkProfile(name="lte", up=Direction(delay_ms=30.0), down=Direction(delay_ms=30.0))


def durations(
    p99_ms: float = 1.0, p999_ms: float | None = None, max_ms: float = 49.0
) -> DurationSummary:
    third = max(p99_ms, 2.0) if p999_ms is None else p999_ms
    return DurationSummary(n=1_000, p50_ms=0.1, p99_ms=p99_ms, p999_ms=third, max_ms=max_ms)


def probe(name: str, verified: bool) -> RunEvent:
    found = RealisedNetwork(profile=name, probes=20, verified=verified, why="60 ms late")
    return RunEvent(kind=RunEventKind.NETWORK, at_ns=0, network=found)


@pytest.fixture
def judged(make_run: MakeRun, make_turn: MakeTurn) -> Callable[..., Validity]:
    def judged(turns: Sequence[TurnRecord] | None = None, **more: Any) -> Validity:
        return assess_validity(make_run(turns or [make_turn()], **more))

    return judged


Judged = Callable[..., Validity]


def test_a_healthy_run_is_valid_without_a_reason(judged: Judged) -> None:
    assert judged() == Validity(ValidityState.VALID, ())


@pytest.mark.parametrize(
    ("lateness", "state"),
    [
        (durations(p99_ms=5.0), ValidityState.VALID),
        (durations(p99_ms=5.1), ValidityState.DEGRADED),
        (durations(p99_ms=20.1), ValidityState.INVALID),
        (durations(p999_ms=20.1), ValidityState.DEGRADED),
        (durations(p999_ms=50.1, max_ms=50.1), ValidityState.INVALID),
        (durations(max_ms=50.0), ValidityState.DEGRADED),
        (None, ValidityState.DEGRADED),
    ],
)
def test_frame_lateness_decides(
    judged: Judged, lateness: DurationSummary | None, state: ValidityState
) -> None:
    assert judged(send_lateness=lateness).state is state


@pytest.mark.parametrize(
    ("lag", "state"),
    [
        (durations(p99_ms=5.1), ValidityState.DEGRADED),
        (durations(p99_ms=20.1), ValidityState.INVALID),
        (durations(max_ms=50.0), ValidityState.DEGRADED),
        (None, ValidityState.DEGRADED),
    ],
)
def test_loop_lag_decides(
    judged: Judged, lag: DurationSummary | None, state: ValidityState
) -> None:
    assert judged(loop_lag=lag).state is state


def test_a_stall_shows_also_without_a_histogram(judged: Judged, make_turn: MakeTurn) -> None:
    late = {"send_lateness_max_ns": 50_000_000}
    found = judged([make_turn(**late)], send_lateness=None)
    assert found.state is ValidityState.DEGRADED
    assert any("stalled" in reason for reason in found.reasons)


def test_a_stall_spoils_a_run_whose_turns_cannot_tell_whether_it_moved_them(
    judged: Judged, make_turn: MakeTurn
) -> None:
    turns = [make_turn(), make_turn(arrival_uncertainty_ns=None, session="s1")]
    found = judged(turns, send_lateness=durations(max_ms=50.0))
    assert found.state is ValidityState.INVALID
    assert "stalled" in found.reasons[0]


def test_reading_late_costs_nothing_where_the_kernel_stamps(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    run = make_run([make_turn()], loop_lag=durations(p99_ms=30.0, max_ms=60.0))
    assert assess_validity(run).state is ValidityState.INVALID
    stamped = replace(run.manifest, arrival_stamps=ArrivalStamps.KERNEL)
    assert assess_validity(replace(run, manifest=stamped)).state is ValidityState.VALID


def test_turns_that_do_not_tell_their_bound_are_no_plain_result(
    judged: Judged, make_turn: MakeTurn
) -> None:
    silent = make_turn(None, status=TurnStatus.TIMEOUT, arrival_uncertainty_ns=None)
    assert judged([make_turn(), silent]).state is ValidityState.VALID
    found = judged([make_turn(), make_turn(processing_delay_ns=None)])
    assert found.state is ValidityState.DEGRADED
    assert found.reasons[0].startswith("50.0% of the turns do not tell")


@pytest.mark.parametrize(("ms", "state"), [(5, ValidityState.VALID), (6, ValidityState.DEGRADED)])
def test_what_turns_may_be_wrong_by_decides(
    judged: Judged, make_turn: MakeTurn, ms: int, state: ValidityState
) -> None:
    found = judged([make_turn(endpoint_lateness_ns=ms * 1_000_000)])
    assert found.state is state
    assert (state is ValidityState.VALID) or "wrong by is 6.0 ms" in found.reasons[0]


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        (9_990, ValidityState.VALID),
        (9_989, ValidityState.DEGRADED),
        (9_900, ValidityState.DEGRADED),
        (9_899, ValidityState.INVALID),
    ],
)
def test_frames_that_were_not_sent_count(
    judged: Judged, make_session: MakeSession, sent: int, state: ValidityState
) -> None:
    session = make_session(frames_intended=10_000, frames_sent=sent)
    assert judged(sessions=[session]).state is state


def test_turns_that_we_spoiled_count(judged: Judged, make_turn: MakeTurn) -> None:
    def state(void: int) -> ValidityState:
        turns = [make_turn(session=f"s{n}") for n in range(100 - void)]
        turns += [make_turn(None, status=TurnStatus.VOID, party=Party.OURS)] * void
        return judged(turns).state

    assert [state(1), state(2), state(6)] == [
        ValidityState.VALID,
        ValidityState.DEGRADED,
        ValidityState.INVALID,
    ]


@pytest.mark.parametrize(
    ("dropped", "state"), [(1, ValidityState.DEGRADED), (6, ValidityState.INVALID)]
)
def test_turns_that_never_started_count_and_are_named_by_their_fault(
    judged: Judged, make_turn: MakeTurn, dropped: int, state: ValidityState
) -> None:
    fault = Fault(Party.OURS, Phase.SETUP, "no_{speech}")
    turns = [make_turn(session=f"s{n}") for n in range(100 - dropped)]
    turns += [
        make_turn(None, session=f"d{n}", status=TurnStatus.DROPPED, fault=fault)
        for n in range(dropped)
    ]
    found = judged(turns)
    assert found.state is state
    assert f"never started through us: no_{{speech}} ({dropped})" in found.reasons[0]


@pytest.mark.parametrize(
    ("planned", "state"),
    [
        (100, ValidityState.VALID),
        (101, ValidityState.DEGRADED),
        (106, ValidityState.INVALID),
        (None, ValidityState.VALID),
    ],
)
def test_calls_that_were_not_held_count(
    judged: Judged, make_turn: MakeTurn, planned: int | None, state: ValidityState
) -> None:
    found = judged([make_turn(session=f"s{n}") for n in range(100)], calls_planned=planned)
    assert found.state is state
    assert all(f"of the {planned} calls planned were not held" in r for r in found.reasons)


@pytest.mark.parametrize(
    ("planned", "state"),
    [
        (100, ValidityState.VALID),
        (101, ValidityState.DEGRADED),
        (106, ValidityState.INVALID),
    ],
)
def test_turns_without_a_record_count(
    judged: Judged,
    make_turn: MakeTurn,
    make_session: MakeSession,
    planned: int,
    state: ValidityState,
) -> None:
    turns = [make_turn(index=n) for n in range(100)]
    found = judged(turns, sessions=[make_session(turns_planned=planned)])
    assert found.state is state
    assert all("turns planned have no record" in reason for reason in found.reasons)


def test_a_run_that_was_interrupted_is_not_invalid_for_what_it_did_not_come_to(
    judged: Judged, make_turn: MakeTurn
) -> None:
    events = [RunEvent(kind=RunEventKind.INTERRUPTED, at_ns=0), FINISHED]
    found = judged(calls_planned=4, events=events)
    assert found.state is ValidityState.DEGRADED
    assert "3 of the 4 calls planned were not held" in found.reasons


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([RunEventKind.INTERRUPTED, RunEventKind.FINISHED], ValidityState.DEGRADED),
        ([RunEventKind.FINISHED], ValidityState.INVALID),
    ],
)
def test_turns_that_an_interruption_kept_from_starting_only_degrade(
    judged: Judged, make_turn: MakeTurn, kinds: list[RunEventKind], state: ValidityState
) -> None:
    fault = Fault(Party.OURS, Phase.SEND, "stopped")
    stopped = make_turn(None, index=1, status=TurnStatus.DROPPED, fault=fault)
    events = [RunEvent(kind=kind, at_ns=0) for kind in kinds]
    assert judged([make_turn(), stopped], events=events).state is state


def test_turns_that_the_api_cut_short_are_named(
    judged: Judged, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    fault = Fault(Party.THEIRS, Phase.RESPONSE, "close_1011")
    found = judged([make_turn()], sessions=[make_session(turns_planned=3, fault=fault)])
    assert found.state is ValidityState.DEGRADED
    assert "2 of the 3 turns planned were never begun" in found.reasons[0]


@pytest.mark.parametrize("turns", [[], "void", "dropped"])
def test_a_run_without_a_turn_is_invalid(
    make_run: MakeRun, make_turn: MakeTurn, turns: list[TurnRecord] | str
) -> None:
    if isinstance(turns, str):
        turns = [make_turn(None, status=TurnStatus(turns), party=Party.OURS)]
    found = assess_validity(make_run(turns))
    assert found.state is ValidityState.INVALID
    assert "no turn was measured" in found.reasons


def test_an_api_that_fails_every_turn_can_be_judged(judged: Judged, make_turn: MakeTurn) -> None:
    assert judged([make_turn(None, status=TurnStatus.FAILED)]).state is ValidityState.VALID


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([probe("lte", True), FINISHED], ValidityState.VALID),
        ([probe("lte", False), FINISHED], ValidityState.INVALID),
        ([probe("lte", False), probe("lte", True), FINISHED], ValidityState.VALID),
        ([FINISHED], ValidityState.INVALID),
    ],
)
def test_a_network_must_be_what_it_says(
    judged: Judged, events: list[RunEvent], state: ValidityState
) -> None:
    assert judged(networks=[LTE], events=events).state is state


@pytest.mark.parametrize(
    ("late", "state"),
    [(1, ValidityState.VALID), (2, ValidityState.DEGRADED), (7, ValidityState.INVALID)],
)
def test_a_network_that_changed_late_counts_by_the_turns_it_touched(
    judged: Judged, make_turn: MakeTurn, late: int, state: ValidityState
) -> None:
    turns = [make_turn(index=n, network_late_ns=int(n < late)) for n in range(30)]
    assert judged(turns).state is state


@pytest.mark.parametrize(
    ("failed", "added_ms", "state"),
    [
        (0, 1.0, ValidityState.VALID),
        (1, 1.0, ValidityState.DEGRADED),
        (20, 1.0, ValidityState.INVALID),
        (0, 2.0, ValidityState.DEGRADED),
        (0, 4.0, ValidityState.INVALID),
    ],
)
def test_changes_that_fail_and_a_proxy_that_is_slow_itself_count(
    judged: Judged, failed: int, added_ms: float, state: ValidityState
) -> None:
    event = RunEvent(
        kind=RunEventKind.NETWORK,
        at_ns=0,
        account=UpdateStats(planned=1000, done=1000 - failed, failed=failed),
        proxy=ProxyOverhead(
            round_trips=9,
            direct_p50_ms=0.1,
            direct_p99_ms=9.0,
            proxied_p50_ms=0.1 + added_ms,
            proxied_p99_ms=99.0,
        ),
    )
    assert judged(events=[event, FINISHED]).state is state


def test_pings_that_went_past_the_network_make_the_run_invalid(
    judged: Judged, make_session: MakeSession
) -> None:
    events = [probe("lte", verified=True), FINISHED]
    quick = make_session(network="lte", round_trips_ns=(1_000_000,) * 30)
    found = judged(sessions=[quick], networks=[LTE], events=events)
    assert found.state is ValidityState.INVALID
    assert "went past it" in found.reasons[0]


def test_a_network_that_does_nothing_needs_no_proof(judged: Judged) -> None:
    assert judged(networks=[NetworkProfile(name="ideal")]).state is ValidityState.VALID


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (RunEventKind.WORKER_LOST, ValidityState.INVALID),
        (RunEventKind.TOXIPROXY_LOST, ValidityState.INVALID),
        (RunEventKind.CLOCK_STEP, ValidityState.DEGRADED),
        (RunEventKind.CALLERS_MISSING, ValidityState.DEGRADED),
        (RunEventKind.INTERRUPTED, ValidityState.DEGRADED),
    ],
)
def test_what_happened_to_the_run_counts(
    judged: Judged, kind: RunEventKind, state: ValidityState
) -> None:
    found = judged(events=[RunEvent(kind=kind, at_ns=0, detail="so it was"), FINISHED])
    assert found.state is state
    assert "so it was" in found.reasons[0]


def test_a_model_that_was_not_asked_for_is_another_session(
    judged: Judged, make_session: MakeSession
) -> None:
    found = judged(sessions=[make_session(model="other")], model="m")
    assert found.state is ValidityState.DEGRADED
    assert found.reasons == ("asked for model m, the server named other",)
    for asked, named in (("m", "m-2026-01-31"), ("m", ""), ("", "m")):
        state = judged(sessions=[make_session(model=named)], model=asked).state
        assert state is ValidityState.VALID


def test_a_server_may_have_a_model_of_its_own_where_nobody_chose_one(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    run = make_run([make_turn()], [make_session(model="other")], model="m")
    by_default = replace(run.manifest, model_by_default=True)
    assert assess_validity(replace(run, manifest=by_default)).state is ValidityState.VALID


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"settings_acknowledged": False}, "acknowledged no settings in 1 sessions"),
        ({"settings_refused": "no voice"}, "refused the settings of 1 sessions: no voice"),
        ({"differs": ("silence_ms is 900, asked for 500",)}, "silence_ms is 900, asked for 500"),
        ({"unreadable_messages": 3}, "3 messages of the server could not be read, in 1 sessions"),
    ],
)
def test_settings_and_messages_that_were_not_understood_are_told(
    judged: Judged, make_session: MakeSession, told: dict[str, Any], words: str
) -> None:
    found = judged(sessions=[make_session(settings_acknowledged=True), make_session(**told)])
    assert found.state is ValidityState.DEGRADED
    assert words in found.reasons[0]
    assert len(found.reasons) == 1


def test_a_refusal_is_told_once(judged: Judged, make_session: MakeSession) -> None:
    told = {"settings_acknowledged": False, "settings_refused": "no voice"}
    assert len(judged(sessions=[make_session(**told)]).reasons) == 1


def test_a_run_that_was_killed_is_degraded(judged: Judged) -> None:
    found = judged(events=[])
    assert found.state is ValidityState.DEGRADED
    assert "killed" in found.reasons[0]


def test_the_reasons_that_invalidate_come_first(judged: Judged) -> None:
    found = judged(events=[], loop_lag=durations(p99_ms=30.0))
    assert found.state is ValidityState.INVALID
    assert "loop lag" in found.reasons[0]
    assert "killed" in found.reasons[1]


@pytest.mark.parametrize(("by_loop", "state"), [(1, "VALID"), (2, "DEGRADED")])
def test_turns_of_a_machine_without_kernel_stamps_are_named(
    make_run: MakeRun, make_turn: MakeTurn, by_loop: int, state: str
) -> None:
    turns = [make_turn(processing_delay_ns=1_000)] * by_loop + [make_turn()] * (20 - by_loop)
    run = make_run(turns)
    stamped = replace(run.manifest, arrival_stamps=ArrivalStamps.KERNEL)
    found = assess_validity(replace(run, manifest=stamped))
    assert found.state.value == state
    words = f"our own loop stamped the responses of {by_loop} of 20 turns"
    assert any(reason.startswith(words) for reason in found.reasons) == (state == "DEGRADED")
