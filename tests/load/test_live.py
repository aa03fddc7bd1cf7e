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


def test_steps_are_told_as_they_begin(capsys: pytest.CaptureFixture[str]) -> None:
    steps = live.Steps()
    steps.step("Encoding speech")
    steps.advance(1, 2)
    assert capsys.readouterr().err == "Encoding speech\n"
