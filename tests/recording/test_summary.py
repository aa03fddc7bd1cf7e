from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.recording import read_summary, write_summary

SUMMARY = {"schema": "harness.summary/1", "metrics": {"x": {"p50": None}}, "text": "é"}


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_summary(tmp_path, SUMMARY)
    assert read_summary(tmp_path) == SUMMARY
    assert read_summary(tmp_path / "summary.json") == SUMMARY


def test_no_summary_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no summary here"):
        read_summary(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', "\xff"])
def test_what_is_no_summary_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"summary\.json"):
        read_summary(tmp_path)
