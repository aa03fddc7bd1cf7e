from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import numpy as np
import pytest

from harness.analysis import BY_NAME, assess_validity, estimate, sample
from harness.analysis.comparison.likeness import facts
from harness.analysis.merging import SESSION_INSTANTS, Merged, merge_runs
from harness.analysis.summary import concurrency_peak
from harness.errors import BadInput
from harness.model import (
    NS_PER_S,
    Run,
    RunEvent,
    RunEventKind,
    SessionRecord,
    TurnRecord,
    ValidityState,
)

MakeRun = Callable[..., Run]
LATER = {"started_at": "2026-01-02T04:00:00+00:00"}
# Fields of a session record that last, or are added up.
_DURATIONS = {"send_lateness_max_ns", "outage_ns", "held_back_ns", "round_trips_ns"}


def _merged(runs: Sequence[Run]) -> Merged:
    return merge_runs(runs, [()] * len(runs), "both")


def _as_run(merged: Merged, like: Run) -> Run:
    return replace(
        like,
        manifest=merged.manifest,
        turns=merged.turns,
        sessions=merged.sessions,
        events=merged.events,
    )


@pytest.fixture
def two(simulate: MakeRun) -> list[Run]:
    return [
        simulate("a", sessions=60, failed=3, timeouts=2),
        simulate("b", seed=1, shift=0.4, sessions=60, **LATER),
    ]


def test_percentiles_are_those_of_the_pooled_turns(two: list[Run]) -> None:
    metric = BY_NAME["voice_to_voice"]
    of_whole = sample(metric, _merged(two).turns, ())
    apart = [sample(metric, run.turns, ()) for run in two]
    pooled = np.concatenate([one.values_ms for one in apart])
    assert sorted(of_whole.values_ms) == sorted(pooled)
    for percent in (50, 95):
        rank = -(-len(pooled) * percent // 100)
        assert estimate(of_whole, percent / 100).value_ms == np.sort(pooled)[rank - 1]


def test_sessions_of_one_name_stay_clusters_of_their_own(two: list[Run]) -> None:
    merged = _merged(two)
    names = [session.session_id for session in merged.sessions]
    assert len(set(names)) == len(names) == 120
    assert {turn.session_id for turn in merged.turns} == set(names)
    numbers = [session.call_number for session in merged.sessions]
    assert sorted(numbers) == list(range(120))
    assert len(np.unique(sample(BY_NAME["voice_to_voice"], merged.turns, ()).sessions)) == 120


def test_runs_follow_one_another(two: list[Run]) -> None:
    merged = _merged(two)
    first, second = merged.spans_ns
    assert first == (0, 61 * NS_PER_S)
    assert second == (61 * NS_PER_S, 122 * NS_PER_S)
    before = {f"1-{turn.session_id}": turn for turn in two[0].turns if not turn.turn_index}
    for turn in merged.turns:
        if not turn.turn_index and turn.session_id in before:
            assert turn.at == before[turn.session_id].at
    of_second = [turn for turn in merged.turns if turn.session_id.startswith("2-")]
    assert of_second[0].at.speech_end_ns == 71 * NS_PER_S
    assert of_second[0].at.commit_sent_ns is None
    assert merged.sessions[-1].open_start_ns == 61 * NS_PER_S
    assert merged.manifest.started_at == two[0].manifest.started_at
    # Calls of one run are not beside those of another.
    assert concurrency_peak(merged.sessions) == concurrency_peak(two[0].sessions)


def test_every_field_of_a_session_is_an_instant_or_lasts() -> None:
    named = {field.name for field in fields(SessionRecord) if field.name.endswith("_ns")}
    assert named == set(SESSION_INSTANTS) | _DURATIONS
    of_turn = {field.name for field in fields(TurnRecord) if field.name.endswith("_ns")}
    # A turn's instants are all in `at`; what else it has lasts.
    assert of_turn == {
        "send_lateness_max_ns",
        "network_late_ns",
        "endpoint_lateness_ns",
        "arrival_uncertainty_ns",
        "processing_delay_ns",
        "think_asked_ns",
        "think_ns",
    }


def test_what_was_planned_and_reached_is_added_up(make_run: MakeRun, simulate: MakeRun) -> None:
    one = simulate("a", turns_planned=100)
    merged = _merged([one, simulate("b", turns_planned=100, **LATER)])
    assert merged.manifest.calls_planned == 40
    assert merged.manifest.turns_planned == 200
    assert len(merged.turns) == 200
    unknown = _merged([one, simulate("b", **LATER)])
    assert unknown.manifest.turns_planned is None


def test_validity_is_the_worst_of_the_runs_each_named(two: list[Run]) -> None:
    good, bad = two
    whole = _as_run(_merged([good, bad]), good)
    assert assess_validity(whole).state is ValidityState.VALID
    lost = RunEvent(kind=RunEventKind.WORKER_LOST, at_ns=0, detail="w1")
    bad = replace(bad, events=(*bad.events, lost))
    killed = replace(good, events=())
    found = assess_validity(_as_run(_merged([killed, bad]), good))
    assert found.state is ValidityState.INVALID
    assert [reason.partition(" of ")[0] for reason in found.reasons] == ["b", "a"]
    assert "a load worker was lost" in found.reasons[0]
    assert "did not come to its end" in found.reasons[1]


def test_a_run_that_lateness_spoiled_is_not_hidden_by_a_long_one(two: list[Run]) -> None:
    assert two[1].send_lateness is not None
    late = replace(two[1], send_lateness=replace(two[1].send_lateness, p99_ms=40.0))
    whole = _as_run(_merged([two[0], late]), two[0])
    assert assess_validity(whole).state is ValidityState.INVALID


def test_the_whole_has_an_end_where_every_run_had_one(two: list[Run]) -> None:
    def ends(runs: Sequence[Run]) -> int:
        return sum(event.kind is RunEventKind.FINISHED for event in _merged(runs).events)

    assert ends(two) == 1
    assert ends([two[0], replace(two[1], events=())]) == 0


def test_a_whole_may_be_merged_again_and_no_run_counts_twice(
    two: list[Run], simulate: MakeRun
) -> None:
    whole = _as_run(_merged(two), two[0])
    third = simulate("c", seed=2, sessions=60, started_at="2026-01-02T05:00:00+00:00")
    again = _merged([whole, third])
    assert [e.merged.run_id for e in again.events if e.merged is not None] == ["a", "b", "c"]
    assert again.manifest.settings["merged"] == "a, b, c"
    assert len({session.session_id for session in again.sessions}) == 180
    with pytest.raises(BadInput, match="b: is given twice"):
        _merged([whole, two[1]])
    with pytest.raises(BadInput, match="one run is nothing to merge"):
        _merged([third])


@pytest.mark.parametrize(
    ("key", "manifest"),
    [
        ("model", {"model": "other"}),
        ("frame_ms", {"frame_ms": 100}),
        ("target", {"simulated": False}),
        ("length", {"calls_planned": None}),
    ],
)
def test_unlike_runs_are_refused_with_both_values(
    simulate: MakeRun, key: str, manifest: dict[str, object]
) -> None:
    runs = [simulate("a"), simulate("b", **(LATER | manifest))]
    with pytest.raises(BadInput, match=f"differ in {key}: .* in a, .* in b"):
        _merged(runs)


def test_another_port_of_what_a_run_started_is_the_same_target(simulate: MakeRun) -> None:
    assert _merged([simulate("a"), simulate("b", target="ws://127.0.0.1:2", **LATER)]).turns
    real = [
        simulate(name, simulated=False, target=f"wss://{name}", **more)
        for name, more in (("a", {}), ("b", LATER))
    ]
    with pytest.raises(BadInput, match="target: wss://a in a, wss://b in b"):
        _merged(real)


def test_a_cascade_is_the_same_target_where_its_file_is(simulate: MakeRun) -> None:
    def held(name: str, told: str, **more: str) -> Run:
        target, settings = f"ws://{name}", {"cascade": told}
        return simulate(name, simulated=False, target=target, settings=settings, **more)

    one = held("a", "agent.toml 12")
    assert _merged([one, held("b", "agent.toml 12", **LATER)]).turns
    with pytest.raises(BadInput, match=r"target: the cascade agent\.toml 12 in a, .* 34 in b"):
        _merged([one, held("b", "agent.toml 34", **LATER)])


def test_the_whole_is_like_its_runs_to_whoever_compares(simulate: MakeRun) -> None:
    settings = {"think_ms": "0 to 1", "command": "harness run x"}
    runs = [
        simulate("a", settings=settings, host={"system": "Linux 6.1"}, seeds={"run": 1, "x": 5}),
        simulate(
            "b", settings=settings, host={"system": "Linux 6.2"}, seeds={"run": 2, "x": 5}, **LATER
        ),
    ]
    whole = _as_run(_merged(runs), runs[0])
    assert facts(whole) == facts(runs[0])
    manifest = whole.manifest
    assert manifest.settings["command"] == "harness run x && harness run x"
    assert manifest.host == {"system": "Linux 6.1 and Linux 6.2"}
    assert manifest.seeds == {"x": 5, "run of a": 1, "run of b": 2}
