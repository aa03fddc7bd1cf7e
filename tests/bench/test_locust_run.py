from pathlib import Path

import pytest

from harness.bench.child_process import Child
from harness.bench.locust_run import LocustRun, wait_for
from harness.recording import files, read_run


def test_a_run_is_whole_but_for_its_report(tmp_path: Path) -> None:
    with Child("harness.bench.null_server", "--python") as server:
        run = LocustRun(server.address(), 3, ramp_s=1.0, folder=tmp_path)
        with run:
            wait_for(run, lambda: server.ask("how many?")["open"] == 3, 60.0)
            assert (tmp_path / files.MANIFEST).exists()
        run.end()
    found = read_run(tmp_path)
    assert len(found.sessions) == 3
    assert all(record.frames_sent > 0 for record in found.sessions)
    assert not (tmp_path / files.SUMMARY).exists()


def test_a_run_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    run = LocustRun("ws://127.0.0.1:1", 1, ramp_s=1.0, folder=tmp_path, options=("--turns", "-1"))
    with run, pytest.raises(RuntimeError, match="--turns"):
        wait_for(run, lambda: False, 60.0)


def test_an_option_of_locust_that_lies_about_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCUST_USERS", "7")
    monkeypatch.setenv("LOCUST_RUN_TIME", "1s")
    with (
        Child("harness.bench.null_server", "--python") as server,
        LocustRun(server.address(), 2, ramp_s=1.0, folder=tmp_path) as run,
    ):
        wait_for(run, lambda: server.ask("how many?")["open"] == 2, 60.0)
    assert len(read_run(tmp_path).sessions) == 2
