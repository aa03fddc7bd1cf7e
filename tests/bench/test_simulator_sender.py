import json
from pathlib import Path

import numpy as np

from harness.bench.child_process import Child
from harness.bench.simulator_sender import _delays
from harness.model import TruthRecord

FRAME = 480


def _truth(frames: list[int], received_ns: list[int]) -> TruthRecord:
    return TruthRecord(
        session_id="s",
        response_id="r",
        turn_index=0,
        frame_end_samples=tuple(frame * FRAME for frame in frames),
        frame_received_ns=tuple(received_ns),
        heard_end_sample=None,
        endpoint_ns=0,
        drawn_ms=0.0,
        lead_silence_ms=0.0,
        first_audio_due_ns=0,
    )


def test_delays_are_from_sending_to_receiving_and_of_the_window_only() -> None:
    sent_ns = np.arange(10, dtype=np.int64) * 1_000
    truth = _truth([3, 4, 5, 6], [2_007, 3_008, 4_009, 5_010])
    found = _delays(truth, sent_ns, first=3, last=5)
    assert found is not None
    assert found.tolist() == [8, 9]


def test_missing_or_cut_frames_are_told() -> None:
    sent_ns = np.arange(10, dtype=np.int64)
    assert _delays(_truth([3, 5], [1, 2]), sent_ns, 0, 10) is None
    assert _delays(_truth([3, 11], [1, 2]), sent_ns, 0, 10) is None


def test_server_that_lets_nobody_in_is_told_as_lost_sessions(tmp_path: Path) -> None:
    with Child("harness.bench.null_server") as server:
        host, pid = server.address(), server.pid
    question = {
        "sessions": 3,
        "host": host,
        "server": pid,
        "truth": str(tmp_path),
        "seconds": 0.1,
    }
    with Child("harness.bench.simulator_sender") as sender:
        assert sender.ask(json.dumps(question))["sessions_lost"] == 3
