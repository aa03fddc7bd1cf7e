import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.recording.capacity import capacity_of, read_capacity

_DOCUMENT: dict[str, Any] = {
    "schema": "harness.capacity/1",
    "search": {"scenario": "conversation"},
    "currency": "USD",
    "verdict": "pass",
    "sentence": "4 calls [3, 5].",
    "limit": {"calls": 4, "low": 3, "high": 5, "missed_first": "x", "most_held": 4},
    "boundary": {"kind": "knee", "why": "no jump"},
    "steps": [{"calls": 1}],
    "curves": [{"objective": "x", "calls": [1], "allowed": 0.1, "missed": [0], "fitted": [0]}],
    "notes": [],
}


def _written(path: Path, **other: Any) -> Path:
    path.write_text(json.dumps(_DOCUMENT | other))
    return path


def test_a_search_is_found_beside_its_steps(tmp_path: Path) -> None:
    step = tmp_path / "0004-calls"
    step.mkdir()
    assert capacity_of(step) is None
    found = read_capacity(_written(tmp_path / "capacity.json"))
    assert found.limit is not None
    assert found.limit.calls == 4
    assert capacity_of(step) == found


@pytest.mark.parametrize("other", [{"schema": "harness.capacity/9"}, {"limit": 4}])
def test_another_document_is_bad_input(other: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="capacity"):
        read_capacity(_written(tmp_path / "capacity.json", **other))


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_capacity(tmp_path / "capacity.json")
