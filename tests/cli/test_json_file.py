import json
from pathlib import Path

import pytest

from harness.cli.json_file import write_json
from harness.errors import BadInput


def test_findings_are_written_whole_and_nothing_where_no_file_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    write_json(None, {"never": 1})
    write_json(target, [{"lag_ms": None}])
    assert json.loads(target.read_text()) == [{"lag_ms": None}]
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        write_json(tmp_path / "nowhere" / "found.json", [])
