from harness.analysis import GateReport
from harness.errors import BadInput
from harness.report.ci.github import (
    annotations,
    job_summary,
    refusal_annotation,
    refusal_summary,
)


def test_the_summary_begins_with_the_verdict_and_has_its_tables(gate: GateReport) -> None:
    lines = job_summary(gate).splitlines()
    assert lines[0] == "## ❌ FAIL"
    rows = [line for line in lines if line.startswith("| ") and line[2] in "✅❌❔"]
    assert len(rows) == 5
    assert all(row.count(" | ") == 4 for row in rows[:3])
    assert all(row.count(" | ") == 6 for row in rows[3:])
    assert any("+12" in line and "?" in line for line in lines)


def test_foreign_text_cannot_break_the_table(gate: GateReport) -> None:
    text = job_summary(gate)
    assert "a\\|1" in text
    assert "a \\<stall\\>" in text


def test_what_is_no_pass_is_annotated_and_what_does_not_decide_is_a_notice(
    gate: GateReport,
) -> None:
    found = list(annotations(gate))
    assert [line.split(" ")[0] for line in found] == [
        "::error",
        "::warning",
        "::warning",
        "::notice",
    ]
    assert "title=FAIL%3A failure rate at most 1.00%25 (b)::2.00%25" in found[0]
    assert all("\n" not in line for line in found)


def test_a_gate_that_judged_nothing_says_why() -> None:
    error = BadInput("no run", where="a:b")
    assert refusal_annotation(error).startswith("::error title=BAD_INPUT::a:b: no run")
    assert refusal_summary(error).startswith("## 🚫 BAD_INPUT\n\na:b: no run")
