from pathlib import Path

from harness.bench.child_process import Child
from harness.recording import read_run


def test_what_a_run_records_is_written_and_numbers_go_on(
    null_server: Child, tmp_path: Path
) -> None:
    words = ("--host", null_server.address(), "--keep", str(tmp_path), "--seconds", "0.5")
    with Child("harness.bench.engine_trial", *words) as trial:
        first, second = trial.ask("2 1.5"), trial.ask(3)
    assert (first["sessions"], second["sessions"]) == (2, 3)
    assert first["window_s"] >= 1.5, "seconds behind the number count"
    assert first["from_ns"] < first["until_ns"]
    run = read_run(tmp_path)
    assert sorted(record.call_number for record in run.sessions) == [0, 1, 2, 3, 4]
    assert all(record.frames_sent for record in run.sessions)
    assert run.send_lateness is not None
