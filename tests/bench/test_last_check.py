"""The last self check is kept for later runs, and nothing else is taken for one."""

from pathlib import Path

import pytest

from harness.bench.findings import DetectorFinding, Findings
from harness.bench.last_check import recall, remember
from harness.errors import BadInput
from tests.bench.trials import capacity_finding, no_accuracy

FINDINGS = Findings(
    made_at="2026-01-02T03:04:05+00:00",
    capacity=(capacity_finding(),),
    accuracy=(no_accuracy(1),),
    detector=(DetectorFinding(condition="quiet", bias_ms=0.1, p95_abs_ms=0.4),),
)


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    assert recall(tmp_path / "cache") is None
    remember(FINDINGS, tmp_path / "cache")
    kept = recall(tmp_path / "cache")
    assert kept is not None
    assert kept["capacity"][0]["sessions"] == 1000


def test_a_file_of_another_kind_is_not_recalled(tmp_path: Path) -> None:
    for text in ('{"schema": "harness.bench/0"}', "[]", "{", "\xff"):
        (tmp_path / "selfcheck.json").write_text(text, encoding="latin-1")
        assert recall(tmp_path) is None


def test_a_cache_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "selfcheck.json").mkdir()
    with pytest.raises(BadInput):
        remember(FINDINGS, tmp_path)
