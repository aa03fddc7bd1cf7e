from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model import RunEvent, RunEventKind, RunManifest
from harness.recording import read_run, whole_directory

MakeManifest = Callable[[str], RunManifest]


def test_a_run_appears_when_it_is_whole(tmp_path: Path, make_manifest: MakeManifest) -> None:
    path = tmp_path / "new" / "both"
    with whole_directory(path, make_manifest("both")) as directory:
        directory.append_event(RunEvent(kind=RunEventKind.FINISHED, at_ns=1))
        assert not path.exists()
    assert [event.at_ns for event in read_run(path).events] == [1]
    assert [one.name for one in path.parent.iterdir()] == ["both"]
    assert path.stat().st_mode & 0o055 == 0o055


def test_nothing_is_left_of_one_that_failed(tmp_path: Path, make_manifest: MakeManifest) -> None:
    def fail() -> None:
        with whole_directory(tmp_path / "both", make_manifest("both")):
            raise BadInput("no")

    with pytest.raises(BadInput, match="no"):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, make_manifest: MakeManifest
) -> None:
    def begin() -> None:
        with whole_directory(tmp_path, make_manifest(tmp_path.name)):
            raise AssertionError

    (tmp_path / "mine").write_text("x")
    with pytest.raises(BadInput, match="holds something"):
        begin()
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]
