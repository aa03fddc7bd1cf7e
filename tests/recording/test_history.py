from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model.history import Acceptance, HistoryLine, HistoryRun, PercentilePoint
from harness.recording.history import append_history, read_history


def line(run_id: str, started_at: str) -> HistoryLine:
    return HistoryLine(
        run=HistoryRun(
            run_id=run_id,
            started_at=started_at,
            fingerprint="f",
            facts={"scenario": "test"},
            target="ws://x",
            commit="",
            validity="VALID",
            turns=3,
            percentiles={"voice_to_voice P50": PercentilePoint(value_ms=800.0, se=0.01)},
        )
    )


def test_what_is_appended_is_read_in_the_order_of_the_runs(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    later, earlier = line("b", "2026-01-02"), line("a", "2026-01-01")
    accepted = Acceptance(run_id="b", at="2026-01-03", note="a new model")
    for one in (later, earlier, HistoryLine(accepted=accepted)):
        append_history(path, one)
    found = read_history(path)
    assert found.runs == (earlier.run, later.run)
    assert found.accepted == (accepted,)
    assert path.read_text().count("\n") == 3


def test_a_run_that_came_in_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for _ in range(2):
        append_history(path, line("a", "2026-01-01"))
    assert len(read_history(path).runs) == 1


def test_what_was_torn_off_in_writing_costs_no_later_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    append_history(path, line("a", "2026-01-01"))
    path.write_bytes(path.read_bytes()[:-1])
    append_history(path, line("b", "2026-01-02"))
    assert [run.run_id for run in read_history(path).runs] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}\n", "either a run or an acceptance"),
        ("nothing\n", "is not JSON"),
        ('{"accepted":{"run_id":"a","at":"","note":""},"schema":"harness.history/9"}\n', "/9"),
        ('{"accepted":{"run_id":"a","at":"","note":"","by":"x"}}\n', "by"),
    ],
)
def test_a_file_that_is_no_history_is_refused_by_line(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match=words):
        read_history(path)
    with pytest.raises(BadInput, match="no history here"):
        read_history(tmp_path / "no")
