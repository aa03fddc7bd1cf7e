"""Two runs become a third, which the other commands take for a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.app import run as harness
from harness.errors import ExitCode
from harness.model import StageRecord, TruthRecord
from harness.recording import encode_lines, read_run, read_stages, read_truth

Record = Callable[..., Path]
_JUDGED = (ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE)


def _merge(folder: Path, *runs: Path) -> int:
    return harness(["report", "--no-html", *map(str, runs), "--merge", str(folder)])


def test_two_runs_become_one_that_can_be_judged(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [record(), record(slower=2.0, second=30)]
    whole = tmp_path / "both"
    assert _merge(whole, *runs) == ExitCode.PASS
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["run_id"] == "both"
    assert summary["load"]["turns"] == summary["load"]["turns_planned"] == 160
    assert summary["metrics"]["voice_to_voice"]["sessions"] == 160
    # The slower half begins where the quicker one ends: the 80th of 160 is the slowest of those.
    assert summary["metrics"]["voice_to_voice"]["p50"]["value"] == 880.0
    lateness = [read_run(path).send_lateness for path in (*runs, whole)]
    assert [one and one.n for one in lateness] == [100, 100, 200]
    slo = tmp_path / "slo.toml"
    slo.write_text('[[objective]]\nmetric = "voice_to_voice"\npercentile = 50\nlimit_ms = 1_500\n')
    harness(["report", str(whole)])
    assert "sessions of 2 runs merged with the simulator" in (whole / "report.html").read_text()
    capsys.readouterr()
    assert harness(["gate", str(whole), "--slo", str(slo)]) in _JUDGED


def test_truth_stays_with_its_turns(record: Record, tmp_path: Path) -> None:
    runs = [record(), record(second=30)]
    for heard_ns, path in enumerate(runs):
        truth = TruthRecord(
            session_id="s",
            response_id="r",
            turn_index=0,
            frame_end_samples=(),
            frame_received_ns=(),
            heard_end_sample=None,
            endpoint_ns=0,
            drawn_ms=0.0,
            lead_silence_ms=0.0,
            first_audio_due_ns=0,
            first_audible_heard_ns=heard_ns,
        )
        (path / "truth.jsonl").write_bytes(encode_lines([truth]))
    # They stand in the order in which they started, whatever the order in which they are given.
    _merge(tmp_path / "both", *reversed(runs))
    told = {one.session_id: one.first_audible_heard_ns for one in read_truth(tmp_path / "both")}
    assert told == {"1-s": 0, "2-s": 1}


def test_stages_of_every_run_are_kept(record: Record, tmp_path: Path) -> None:
    runs = [record(), record(second=30)]
    stages = [
        StageRecord(
            session_id=name,
            response_id="r",
            frame_end_samples=(),
            frame_received_ns=(),
            endpoint_ns=0,
        )
        for name in "ab"
    ]
    for path, one in zip(runs, stages, strict=True):
        (path / "stages.jsonl").write_bytes(encode_lines([one]))
    _merge(tmp_path / "both", *runs)
    assert read_stages(tmp_path / "both") == tuple(stages)


def test_runs_that_cannot_be_one_leave_nothing(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = record(), record(model="other", second=30)
    before = sorted(tmp_path.iterdir())
    assert _merge(tmp_path / "both", one, other) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "differ in model: gpt-realtime-2.1 in" in told
    assert told.count("\n") == 1
    assert _merge(one, one, record(second=40)) == ExitCode.BAD_INPUT
    assert "holds something" in capsys.readouterr().err
    assert not (tmp_path / "both").exists()
    assert [path for path in sorted(tmp_path.iterdir()) if path in before] == before
