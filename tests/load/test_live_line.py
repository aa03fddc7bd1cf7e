from dataclasses import replace

import pytest

from harness.errors import Fault, Party, Phase
from harness.load import live_line
from harness.load.live_line import LiveLine
from harness.model import SessionRecord, TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.recording import Batch
from tests.analysis.conftest import build_run

MS = 1_000_000


def turn(latency_ms: int | None, session: str = "s", index: int = 0) -> TurnRecord:
    heard_ns = None if latency_ms is None else (5_000 + latency_ms) * MS
    return TurnRecord(
        session_id=session,
        turn_index=index,
        kind=TurnKind.FIRST,
        status=TurnStatus.NO_REPLY if latency_ms is None else TurnStatus.COMPLETED,
        network="ideal",
        utterance_id="u",
        limit_ms=1_000,
        at=TurnInstants(speech_end_ns=5_000 * MS, first_audible_ns=heard_ns),
        fault=Fault(Party.UNKNOWN, Phase.ENDPOINT, "no_reply") if latency_ms is None else None,
    )


def dropped(session: str) -> TurnRecord:
    fault = Fault(Party.OURS, Phase.SETUP, "no_free_caller")
    return replace(turn(None, session), status=TurnStatus.DROPPED, fault=fault)


def session(name: str) -> SessionRecord:
    return SessionRecord(session_id=name, call_number=0, network="ideal", turns_planned=1)


def line(calls: int | None = 9, run_s: float | None = None) -> LiveLine:
    return LiveLine(build_run([], calls_planned=calls).manifest, run_s)


def test_the_line_says_how_far_the_run_is_and_how_well_it_goes() -> None:
    shown = line()
    turns = [turn(700 + n, f"s{n}") for n in range(60)]
    shown.take(Batch(turns=[*turns, turn(None)], sessions=[session("s0"), session("s1")]))
    text = shown.text()
    assert "calls 2/9" in text
    assert "turns 61" in text
    assert "P50 730 ms" in text
    assert "failed 1" in text
    assert "left" in text
    assert any(state in text for state in ("VALID", "DEGRADED", "INVALID"))


def test_turns_that_we_spoiled_and_calls_that_were_dropped_are_no_failures_of_the_api() -> None:
    shown = line()
    fault = Fault(Party.OURS, Phase.SEND, "late_send")
    void = replace(turn(800), status=TurnStatus.VOID, fault=fault)
    shown.take(Batch(turns=[turn(800), void, dropped("s7")]))
    text = shown.text()
    assert "turns 2" in text
    assert "failed 0  spoiled by us 1  dropped calls 1" in text
    # A call that was dropped is done with.
    assert "calls 1/9" in text


def test_turns_that_never_came_count_by_whom_they_were_lost_and_are_no_dropped_calls() -> None:
    shown = line()
    cut = replace(turn(None), status=TurnStatus.DROPPED)
    lost = replace(dropped("s8"), fault=Fault(Party.OURS, Phase.SETUP, "worker_lost"))
    shown.take(Batch(turns=[replace(cut, turn_index=n) for n in (1, 2)] + [lost]))
    text = shown.text()
    assert "turns 3" in text
    assert "failed 2  spoiled by us 1" in text
    assert "dropped" not in text
    assert "calls 1/9" in text


def test_what_too_few_turns_cannot_support_is_a_dash() -> None:
    shown = line(calls=None)
    shown.take(Batch())
    text = shown.text()
    assert "P50 - P95 -" in text
    assert "no turn yet" in text
    assert "left" not in text


def test_what_is_left_follows_the_run_time_or_the_pace_of_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_ns = [0]
    monkeypatch.setattr(live_line, "now_ns", lambda: at_ns[0])
    timed, counted = line(calls=None, run_s=90), line(calls=4)
    at_ns[0] = 30_000_000_000
    assert "about 1:00 left" in timed.text()
    counted.take(Batch(sessions=[session("s0")]))
    assert "about 1:30 left" in counted.text()


def test_a_line_comes_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_ns = [0]
    monkeypatch.setattr(live_line, "now_ns", lambda: at_ns[0])
    shown = line()
    for second in range(25):
        at_ns[0] = second * 1_000_000_000
        shown.take(Batch())
    assert len(capsys.readouterr().err.splitlines()) == 2
