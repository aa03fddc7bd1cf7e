import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import BadInput, Fault, Party, Phase
from harness.model import (
    ArrivalStamps,
    StageRecord,
    TruthRecord,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.recording import (
    RunDirectory,
    encode_lines,
    read_manifest,
    read_run,
    read_stages,
    read_truth,
)

_WRITER = """
import sys
from pathlib import Path
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.recording import files, jsonl as lines
index = 0
while True:
    turns = [TurnRecord(session_id="s", turn_index=index + n, kind=TurnKind.LATER,
        status=TurnStatus.COMPLETED, network="n", utterance_id="u" * 3000, limit_ms=1.0,
        at=TurnInstants(first_audible_ns=index)) for n in range(40)]
    files.append_bytes(Path(sys.argv[1]) / files.TURNS, lines.encode_lines(turns))
    index += 40
"""


def test_a_run_of_which_only_the_manifest_was_written_is_empty(directory: RunDirectory) -> None:
    run = read_run(directory.path)
    assert (run.turns, run.sessions, run.events) == ((), (), ())
    assert (run.send_lateness, run.loop_lag) == (None, None)
    assert read_truth(directory.path) == ()


def test_a_run_that_was_killed_while_writing_can_be_read(directory: RunDirectory) -> None:
    turns = directory.path / "turns.jsonl"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(directory.path)])
    try:
        deadline = time.monotonic() + 60
        while not turns.exists() or turns.stat().st_size < 500_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    run = read_run(directory.path)
    assert len(run.turns) in (turns.read_bytes().count(b"\n"), turns.read_bytes().count(b"\n") + 1)
    assert run.turns[0].turn_index == 0


def test_a_turn_that_is_recorded_twice_is_refused(directory: RunDirectory) -> None:
    def turn(index: int) -> TurnRecord:
        return TurnRecord(
            session_id="s",
            turn_index=index,
            kind=TurnKind.LATER,
            status=TurnStatus.DROPPED,
            network="n",
            utterance_id="u",
            limit_ms=1.0,
            at=TurnInstants(),
            fault=Fault(Party.OURS, Phase.SEND, "stopped"),
        )

    lines = encode_lines([turn(0), turn(1), turn(0)])
    (directory.path / "turns.jsonl").write_bytes(lines)
    with pytest.raises(BadInput, match="record 3: repeats record 1"):
        read_run(directory.path)


def test_a_folder_without_a_manifest_is_not_a_run(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BadInput, match="not the folder of a run"):
            read_run(place)


def test_a_manifest_says_what_stamped_arrivals_and_older_ones_were_stamped_by_the_loop(
    directory: RunDirectory,
) -> None:
    file = directory.path / "manifest.json"
    text = file.read_text()
    assert '"arrival_stamps": "event loop"' in text
    file.write_text(text.replace('"event loop"', '"kernel"'))
    assert read_manifest(directory.path).arrival_stamps is ArrivalStamps.KERNEL
    file.write_text(text.replace('  "arrival_stamps": "event loop",\n', ""))
    assert read_manifest(directory.path).arrival_stamps is ArrivalStamps.EVENT_LOOP


def test_a_manifest_that_was_cut_off_is_told_to_be_so_and_has_no_line_to_take_out(
    directory: RunDirectory,
) -> None:
    file = directory.path / "manifest.json"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(BadInput, match="is not JSON: Input data was truncated") as refused:
        read_manifest(directory.path)
    assert "Take the line out" not in str(refused.value)


def test_a_manifest_of_another_schema_is_refused(directory: RunDirectory) -> None:
    file = directory.path / "manifest.json"
    file.write_text(file.read_text().replace("harness.manifest/2", "harness.manifest/9"))
    with pytest.raises(BadInput, match=r"manifest/9.*this version reads"):
        read_manifest(directory.path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": 5}', "\x00\x00"])
def test_a_broken_manifest_is_refused_by_name(directory: RunDirectory, text: str) -> None:
    (directory.path / "manifest.json").write_text(text)
    with pytest.raises(BadInput, match=r"manifest\.json"):
        read_run(directory.path)


def test_an_unknown_setting_of_the_manifest_is_refused(directory: RunDirectory) -> None:
    file = directory.path / "manifest.json"
    file.write_text(file.read_text().replace('"frame_ms"', '"suprise": 1, "frame_ms"'))
    with pytest.raises(BadInput, match="unknown field `suprise`"):
        read_run(directory.path)


def test_the_truth_beside_a_run_is_read(directory: RunDirectory) -> None:
    truth = TruthRecord(
        session_id="s",
        response_id="r",
        turn_index=0,
        frame_end_samples=(480, 960),
        frame_received_ns=(1, 2),
        heard_end_sample=None,
        endpoint_ns=3,
        drawn_ms=800.0,
        lead_silence_ms=0.0,
        first_audio_due_ns=4,
    )
    (directory.path / "truth.jsonl").write_bytes(encode_lines([truth]))
    assert read_truth(directory.path) == (truth,)


def test_the_stages_beside_a_run_are_read(directory: RunDirectory) -> None:
    stages = StageRecord(
        session_id="s",
        response_id="r",
        frame_end_samples=(480, 960),
        frame_received_ns=(1, 2),
        endpoint_ns=3,
        failed_stage="stt",
        failure="the STT provider answered 429",
        providers={"stt": "openai whisper-1"},
    )
    assert read_stages(directory.path) == ()
    directory.append_stages([stages])
    assert read_stages(directory.path) == (stages,)
