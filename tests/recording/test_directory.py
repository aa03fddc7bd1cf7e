from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model import RunEvent, RunEventKind, RunManifest, SessionRecord
from harness.recording import Histogram, RunDirectory, read_run, reserve

DAY = date(2026, 1, 2)
MakeManifest = Callable[[str], RunManifest]


def session(number: int) -> SessionRecord:
    return SessionRecord(session_id=f"s{number}", call_number=0, network="n", turns_planned=1)


def test_each_run_of_a_day_has_a_folder_of_its_own(tmp_path: Path) -> None:
    names = [reserve(tmp_path / "reports", "demo", DAY).name for _ in range(3)]
    assert names == ["2026-01-02-demo", "2026-01-02-demo-2", "2026-01-02-demo-3"]


def test_a_place_where_nothing_can_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(BadInput, match="no run can be kept here"):
        reserve(tmp_path / "reports", "demo", DAY)


def test_the_manifest_is_there_before_anything_else(directory: RunDirectory) -> None:
    assert [file.name for file in directory.path.iterdir()] == ["manifest.json"]
    assert read_run(directory.path).manifest == directory.manifest


def test_the_run_is_called_like_its_folder(tmp_path: Path, make_manifest: MakeManifest) -> None:
    with pytest.raises(ValueError, match="other"):
        RunDirectory(reserve(tmp_path, "demo", DAY), make_manifest("other"))


def test_a_run_is_never_written_over(directory: RunDirectory) -> None:
    with pytest.raises(BadInput, match="kept here already"):
        RunDirectory(directory.path, directory.manifest)


def test_records_are_on_disk_when_the_call_returns(directory: RunDirectory) -> None:
    directory.append_sessions([session(0), session(1)])
    directory.append_sessions([])
    directory.append_sessions([session(2)])
    directory.append_event(RunEvent(kind=RunEventKind.FINISHED, at_ns=5))
    run = read_run(directory.path)
    assert [found.session_id for found in run.sessions] == ["s0", "s1", "s2"]
    assert run.events == (RunEvent(kind=RunEventKind.FINISHED, at_ns=5),)


def test_histograms_of_several_intervals_make_one_log(directory: RunDirectory) -> None:
    for start in range(3):
        histogram = Histogram()
        histogram.record_ns(1_000_001 + start)
        directory.append_histogram("send_lateness", histogram, start, start + 1)
    directory.append_histogram("loop_lag", Histogram(), 0, 3)
    log = (directory.path / "histograms.hlog").read_text()
    assert log.count("Histogram log format") == 1
    run = read_run(directory.path)
    assert run.loop_lag is None
    assert run.send_lateness is not None
    assert run.send_lateness.n == 3
    assert run.send_lateness.max_ms == 1.000003
