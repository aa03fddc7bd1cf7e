from dataclasses import replace

import pytest

from harness.errors import Fault, Party, Phase
from harness.load import live
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus

MS = 1_000_000


def turn(latency_ms: int | None) -> TurnRecord:
    heard_ns = None if latency_ms is None else (5_000 + latency_ms) * MS
    return TurnRecord(
        session_id="s",
        turn_index=0,
        kind=TurnKind.FIRST,
        status=TurnStatus.NO_REPLY if latency_ms is None else TurnStatus.COMPLETED,
        network="ideal",
        utterance_id="u",
        limit_ms=1_000,
        at=TurnInstants(speech_end_ns=5_000 * MS, first_audible_ns=heard_ns),
        fault=Fault(Party.UNKNOWN, Phase.ENDPOINT, "no_reply") if latency_ms is None else None,
    )


def test_the_line_says_how_far_the_run_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "_LINE_EVERY_NS", 0)
    line = live.LiveLine(calls=9)
    line.show([turn(800), turn(None), turn(900)], None)
    told = capsys.readouterr().err
    assert "calls ended 0 of 9" in told
    assert "turns 3  failed 1" in told
    assert "900 ms" in told


def test_a_turn_that_we_spoiled_is_no_failure_of_the_api(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "_LINE_EVERY_NS", 0)
    fault = Fault(Party.OURS, Phase.SEND, "late_send")
    void = replace(turn(800), status=TurnStatus.VOID, fault=fault)
    live.LiveLine(calls=9).show([turn(800), void], None)
    assert "turns 2  failed 0  spoiled by us 1" in capsys.readouterr().err


def test_without_a_turn_there_is_no_median(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "_LINE_EVERY_NS", 0)
    live.LiveLine(calls=None).show([], None)
    assert "none yet" in capsys.readouterr().err


def test_steps_are_told_as_they_begin(capsys: pytest.CaptureFixture[str]) -> None:
    steps = live.Steps()
    steps.step("Encoding speech")
    steps.advance(1, 2)
    assert capsys.readouterr().err == "Encoding speech\n"
