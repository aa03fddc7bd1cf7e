import pandas as pd

from harness.model import TurnStatus
from harness.report.export import turns_table
from tests.report.conftest import MakeRun


def test_every_turn_is_a_row_with_its_latencies(make_run: MakeRun) -> None:
    run = make_run()
    table = turns_table(run)
    assert len(table) == len(run.turns)
    first, turn = table.iloc[0], run.turns[0]
    assert turn.at.first_audible_ns is not None
    assert turn.at.speech_end_ns is not None
    expected_ms = (turn.at.first_audible_ns - turn.at.speech_end_ns) / 1e6
    assert first["voice_to_voice_ms"] == expected_ms
    assert first["session_id"] == turn.session_id


def test_what_was_not_measured_is_missing_and_not_zero(make_run: MakeRun) -> None:
    run = make_run(fault_every=100, lost_as=TurnStatus.TIMEOUT)
    table = turns_table(run)
    waited = table[table["status"] == TurnStatus.TIMEOUT.value]
    assert len(waited) == 4
    assert waited["at.first_audible_ns"].isna().all()
    assert waited["voice_to_voice_censored"].all()
    assert pd.isna(waited.iloc[0]["leading_silence_ms"])
