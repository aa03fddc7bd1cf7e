from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.metrics import (
    BY_NAME,
    METRICS,
    Latency,
    begun_ns,
    headline_of,
    heard_ms,
    sample,
    session_latency,
    turn_latency,
)
from harness.errors import Party
from harness.model import SessionRecord, TurnInstants, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MS = 1_000_000
V2V = BY_NAME["voice_to_voice"]


def test_every_metric_names_instants_that_records_have() -> None:
    for metric in METRICS:
        record = SessionRecord if metric.of_session else TurnInstants
        named = (*metric.start, metric.end, metric.given, metric.beyond)
        for instant in filter(None, named):
            assert instant in record.__dataclass_fields__, metric.name
    assert len(BY_NAME) == len(METRICS)


def test_a_heard_turn_has_the_differences_of_its_instants(make_turn: MakeTurn) -> None:
    turn = make_turn(800.0)
    found = {m.name: turn_latency(m, turn) for m in METRICS if not m.of_session}
    assert found == {
        "voice_to_voice": Latency(800.0),
        "time_to_first_audio": Latency(750.0),
        "endpoint_delay": Latency(400.0),
        "response_delay": Latency(350.0),
        "leading_silence": Latency(50.0),
        "barge_in_stop": None,
        "tool_gap": None,
        "voice_to_answer": None,
        "time_to_first_token": None,
        "time_to_last_token": None,
    }
    assert all(turn_latency(metric, turn) is None for metric in METRICS if metric.of_session)


def test_a_response_that_broke_off_keeps_its_latency(make_turn: MakeTurn) -> None:
    turn = make_turn(700.0, status=TurnStatus.BROKEN_OFF)
    assert turn_latency(BY_NAME["voice_to_voice"], turn) == Latency(700.0)


def test_a_premature_response_is_negative(make_turn: MakeTurn) -> None:
    assert turn_latency(V2V, make_turn(-200.0, status=TurnStatus.PREMATURE)) == Latency(-200.0)


@pytest.mark.parametrize("status", [TurnStatus.TIMEOUT, TurnStatus.NO_REPLY])
def test_a_response_that_did_not_come_takes_at_least_the_limit(
    make_turn: MakeTurn, status: TurnStatus
) -> None:
    turn = make_turn(None, status=status)
    assert turn_latency(V2V, turn) == Latency(15_000.0, censored=True)
    assert turn_latency(BY_NAME["leading_silence"], turn) is None


def test_a_wait_that_began_later_was_shorter_by_so_much(make_turn: MakeTurn) -> None:
    at = TurnInstants(speech_end_ns=10_000 * MS, server_endpoint_ns=10_400 * MS)
    turn = make_turn(None, status=TurnStatus.TIMEOUT, at=at)
    found = turn_latency(BY_NAME["response_delay"], turn)
    assert found == Latency(14_600.0, censored=True)


def test_what_came_before_the_limit_is_measured_though_nothing_was_heard(
    make_turn: MakeTurn,
) -> None:
    at = TurnInstants(speech_end_ns=0, first_audio_ns=700 * MS)
    turn = make_turn(None, status=TurnStatus.TIMEOUT, at=at)
    assert turn_latency(BY_NAME["time_to_first_audio"], turn) == Latency(700.0)


@pytest.mark.parametrize(
    "status", [TurnStatus.FAILED, TurnStatus.CLOSED, TurnStatus.DROPPED, TurnStatus.VOID]
)
def test_turns_that_did_not_happen_have_no_latency(make_turn: MakeTurn, status: TurnStatus) -> None:
    turn = make_turn(800.0, status=status, party=Party.OURS)
    assert all(turn_latency(metric, turn) is None for metric in METRICS)


def test_a_commit_starts_the_response_delay_where_the_server_does_not_endpoint(
    make_turn: MakeTurn,
) -> None:
    at = TurnInstants(
        speech_end_ns=0, commit_sent_ns=10 * MS, first_audio_ns=510 * MS, first_audible_ns=520 * MS
    )
    assert turn_latency(BY_NAME["response_delay"], make_turn(at=at)) == Latency(500.0)


def test_an_interruption_that_was_not_heard_is_at_least_as_long_as_the_response_went_on(
    make_turn: MakeTurn,
) -> None:
    stop = BY_NAME["barge_in_stop"]
    onset = TurnInstants(barge_in_onset_ns=1_000 * MS)
    stopped = replace(onset, audio_stopped_ns=1_070 * MS, first_audible_ns=9_000 * MS)
    deaf = replace(onset, talked_over_ns=3_500 * MS)
    assert turn_latency(stop, make_turn(at=stopped)) == Latency(70.0)
    waited = make_turn(None, at=deaf, status=TurnStatus.NO_REPLY)
    assert turn_latency(stop, waited) == Latency(2_500.0, censored=True)
    unknown = make_turn(None, at=onset, status=TurnStatus.NO_REPLY)
    assert turn_latency(stop, unknown) is None


def test_what_is_said_before_a_tool_call_is_not_its_answer(make_turn: MakeTurn) -> None:
    gap, answer = BY_NAME["tool_gap"], BY_NAME["voice_to_answer"]
    at = TurnInstants(speech_end_ns=0, first_audible_ns=700 * MS, tool_call_ns=900 * MS)
    told = replace(at, answer_audible_ns=2_000 * MS)
    assert turn_latency(V2V, make_turn(at=told)) == Latency(700.0)
    assert turn_latency(gap, make_turn(at=told)) == Latency(1_100.0)
    assert turn_latency(answer, make_turn(at=told)) == Latency(2_000.0)
    silent = make_turn(None, at=at, status=TurnStatus.TIMEOUT)
    assert turn_latency(gap, silent) == Latency(14_100.0, censored=True)
    assert turn_latency(answer, silent) == Latency(15_000.0, censored=True)


def test_instants_at_zero_are_instants(make_turn: MakeTurn) -> None:
    at = TurnInstants(speech_end_ns=0, first_audible_ns=0)
    assert turn_latency(V2V, make_turn(at=at)) == Latency(0.0)


def test_setup_is_measured_once_a_session(make_session: MakeSession) -> None:
    setup = BY_NAME["session_setup"]
    assert session_latency(setup, make_session()) == Latency(100.0)
    assert session_latency(setup, make_session(ready_ns=None)) is None
    assert session_latency(V2V, make_session()) is None


def test_a_greeting_is_measured_from_the_session_on(make_session: MakeSession) -> None:
    session = make_session(ready_ns=100 * MS, greeting_audible_ns=700 * MS)
    assert session_latency(BY_NAME["greeting"], session) == Latency(600.0)
    assert session_latency(BY_NAME["greeting"], make_session()) is None


def test_a_sample_keeps_sessions_apart_and_leaves_the_unmeasured_out(make_turn: MakeTurn) -> None:
    turns = [
        make_turn(500.0, session="a"),
        make_turn(600.0, session="b"),
        make_turn(700.0, session="a", index=1),
        make_turn(None, session="b", index=1, status=TurnStatus.TIMEOUT),
        make_turn(None, session="c", status=TurnStatus.FAILED),
    ]
    found = sample(V2V, turns, ())
    assert found.values_ms.tolist() == [500.0, 600.0, 700.0, np.inf]
    assert found.sessions.tolist() == [0, 1, 0, 1]
    assert found.floor_ms == 15_000.0


def test_the_stages_of_connecting_add_up_to_the_session_set_up() -> None:
    session = SessionRecord(
        session_id="s",
        call_number=0,
        network="none",
        turns_planned=1,
        open_start_ns=0,
        reached_ns=10 * MS,
        secured_ns=30 * MS,
        connected_ns=45 * MS,
        ready_ns=50 * MS,
        round_trips_ns=(2 * MS, 4 * MS),
    )
    stages = ("tcp_connect", "tls_handshake", "upgrade", "session_created")
    found = [session_latency(BY_NAME[name], session) for name in stages]
    assert [latency.ms for latency in found if latency is not None] == [10, 20, 15, 5]
    assert session_latency(BY_NAME["session_setup"], session) == Latency(50.0)
    assert session_latency(BY_NAME["ephemeral_key"], session) is None
    minted = replace(session, minted_ns=4 * MS)
    found = [session_latency(BY_NAME[name], minted) for name in ("ephemeral_key", *stages)]
    assert [latency.ms for latency in found if latency is not None] == [4, 6, 20, 15, 5]
    trips = sample(BY_NAME["round_trip"], (), [session, session])
    assert list(trips.values_ms) == [2, 4, 2, 4]
    assert list(trips.sessions) == [0, 0, 1, 1]


def test_each_value_of_a_session_has_the_instant_at_which_it_began() -> None:
    """One session that was set up, and one of which nothing but its opening is known."""
    session = SessionRecord(
        session_id="s",
        call_number=0,
        network="none",
        turns_planned=1,
        open_start_ns=5 * MS,
        reached_ns=10 * MS,
        secured_ns=30 * MS,
        connected_ns=45 * MS,
        ready_ns=50 * MS,
        greeting_audible_ns=60 * MS,
        closed_ns=90 * MS,
        round_trips_ns=(2 * MS, 4 * MS),
    )
    bare = SessionRecord(
        session_id="b", call_number=1, network="none", turns_planned=1, open_start_ns=7 * MS
    )
    for metric in (metric for metric in METRICS if metric.of_session):
        count = len(sample(metric, (), [bare, session]).values_ms)
        assert len(begun_ns(metric, [bare, session])) == count
    assert list(begun_ns(BY_NAME["session_setup"], [bare, session])) == [5 * MS]
    assert list(begun_ns(BY_NAME["greeting"], [bare, session])) == [50 * MS]
    assert list(begun_ns(BY_NAME["round_trip"], [bare, session])) == [60 * MS, 80 * MS]
    killed = replace(session, closed_ns=None)
    assert np.isnan(begun_ns(BY_NAME["round_trip"], [killed])).all()


def test_a_turn_in_text_has_times_to_its_tokens_and_nothing_of_audio(
    make_text_turn: MakeTurn,
) -> None:
    turn = make_text_turn()
    found = {m.name: turn_latency(m, turn) for m in METRICS if not m.of_session}
    assert {name: one for name, one in found.items() if one is not None} == {
        "time_to_first_token": Latency(300.0),
        "time_to_last_token": Latency(900.0),
    }
    assert heard_ms(turn) == 300.0


def test_a_prompt_without_an_answer_is_censored_in_text_and_not_in_audio(
    make_text_turn: MakeTurn,
) -> None:
    turn = make_text_turn(None, None, status=TurnStatus.NO_REPLY)
    censored = Latency(15_000.0, censored=True)
    found = {m.name: turn_latency(m, turn) for m in METRICS if not m.of_session}
    assert {name: one for name, one in found.items() if one is not None} == {
        "time_to_first_token": censored,
        "time_to_last_token": censored,
    }


def test_a_response_that_was_never_said_to_be_complete_has_no_last_token(
    make_text_turn: MakeTurn,
) -> None:
    assert turn_latency(BY_NAME["time_to_last_token"], make_text_turn(300.0, None)) is None


def test_the_headline_is_that_of_the_turns(make_turn: MakeTurn, make_text_turn: MakeTurn) -> None:
    assert headline_of([]).name == headline_of([make_turn()]).name == "voice_to_voice"
    assert headline_of([make_text_turn()]).name == "time_to_first_token"
