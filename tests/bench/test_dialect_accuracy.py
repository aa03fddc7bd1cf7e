from dataclasses import replace

import pytest

from harness.bench import dialect_accuracy
from harness.bench.dialect_accuracy import dialect_error, measure_dialects
from harness.dialects import DIALECTS
from harness.model import NoProgress, Run, RunEvent, RunEventKind, TruthRecord, TurnRecord
from tests.analysis.conftest import build_run, build_turn

MS = 1_000_000


def true(turn: TurnRecord, off_ms: float) -> TruthRecord:
    """Return a truth that the turn is measured later than, by so much."""
    end_ns, audible_ns = turn.at.speech_end_ns, turn.at.first_audible_ns
    assert end_ns is not None
    assert audible_ns is not None
    return TruthRecord(
        session_id=turn.provider_ids["session"],
        response_id=turn.provider_ids["response"],
        turn_index=0,
        frame_end_samples=(0, 24_000),
        frame_received_ns=(end_ns - 20 * MS, end_ns),
        heard_end_sample=None,
        endpoint_ns=end_ns,
        drawn_ms=0.0,
        lead_silence_ms=0.0,
        first_audio_due_ns=end_ns,
        first_audible_heard_ns=round(audible_ns - off_ms * MS),
    )


def run_of(*off_ms: float) -> tuple[Run, list[TruthRecord]]:
    turns, truth = [], []
    for number, late_ms in enumerate(off_ms):
        turn = replace(
            build_turn(session=f"s{number}"),
            speech_end_sample=23_999,
            provider_ids={"session": f"s{number}", "response": "r"},
        )
        turns.append(turn)
        truth.append(true(turn, late_ms + 1 / 24))
    return build_run(turns), truth


def test_errors_are_ranked_by_size_and_held_against_the_bar() -> None:
    run, truth = run_of(*[0.2] * 18, -3.0, -9.0)
    found = dialect_error("openai", 30, run, truth)
    assert (found.turns, found.planned) == (20, 30)
    assert found.p50_ms == pytest.approx(0.2, abs=0.01)
    assert found.p95_ms == pytest.approx(3.0, abs=0.01)
    assert found.worst_ms == pytest.approx(-9.0, abs=0.01)
    assert found.holds is True
    run, truth = run_of(*[0.2] * 18, -6.0, -9.0)
    assert dialect_error("openai", 30, run, truth).holds is False


def test_a_run_that_may_not_be_judged_or_has_no_truth_says_nothing() -> None:
    run, truth = run_of(0.2)
    stopped = RunEvent(at_ns=0, kind=RunEventKind.TOXIPROXY_LOST, detail="it is gone")
    found = dialect_error("openai", 1, replace(run, events=(stopped,)), truth)
    assert (found.validity, found.holds) == ("INVALID", None)
    assert found.why
    nothing = dialect_error("openai", 1, run, [])
    assert (nothing.turns, nothing.p50_ms, nothing.holds) == (0, None, None)
    assert "no turn is in the truth log" in nothing.why


def test_every_dialect_of_the_registry_has_a_row_also_one_that_is_not_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = []

    def hold(*_: object, path: str, **__: object) -> None:
        paths.append(path)
        raise RuntimeError("no such path")

    monkeypatch.setattr(dialect_accuracy, "hold", hold)
    found = measure_dialects(NoProgress(), callers=2)
    assert [row.dialect for row in found.dialects] == list(DIALECTS)
    assert {(row.why, row.holds, row.planned) for row in found.dialects} == {
        ("no such path", None, 6)
    }
    assert "/twilio" in paths
    assert len(measure_dialects(NoProgress(), ["vapi"]).dialects) == 1
