"""A log of records: whole lines, at once, appended; a file that cannot be written is refused."""

import json
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model import TruthRecord
from harness.simulator.record_log import RecordLog


def _record(turn_index: int) -> TruthRecord:
    return TruthRecord(
        session_id="s",
        response_id=f"r{turn_index}",
        turn_index=turn_index,
        frame_end_samples=(480, 960),
        frame_received_ns=(1, 2),
        heard_end_sample=None,
        endpoint_ns=3,
        drawn_ms=800.0,
        lead_silence_ms=0.0,
        first_audio_due_ns=4,
    )


def _turns(path: Path) -> list[int]:
    return [json.loads(line)["turn_index"] for line in path.read_text().splitlines()]


def test_a_record_is_there_before_the_log_is_closed(tmp_path: Path) -> None:
    log = RecordLog(tmp_path / "truth.jsonl", "truth log")
    log.write(_record(0))
    assert _turns(tmp_path / "truth.jsonl") == [0]
    assert (tmp_path / "truth.jsonl").read_bytes().endswith(b"\n")
    log.close()


def test_a_log_goes_on_where_another_ended(tmp_path: Path) -> None:
    for turn_index in range(2):
        log = RecordLog(tmp_path / "truth.jsonl", "truth log")
        log.write(_record(turn_index))
        log.close()
        log.write(_record(9))
        log.close()
    assert _turns(tmp_path / "truth.jsonl") == [0, 1]


def test_without_a_file_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = RecordLog(None, "truth log")
    log.write(_record(0))
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot write the truth log"):
        RecordLog(tmp_path / "nowhere" / "truth.jsonl", "truth log")
