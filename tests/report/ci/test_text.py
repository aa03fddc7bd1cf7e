from harness.analysis import GateReport
from harness.report.ci.text import gate_text


def test_one_line_a_finding_and_the_verdict_last(gate: GateReport) -> None:
    lines = gate_text(gate).splitlines()
    assert lines[0] == "PASS          failure rate at most 1.00% in b: 2.00%"
    assert "ICC 0.10" in lines[1]
    assert lines[4].endswith("in b: 2.00%; to settle it: about 400 turns")
    assert lines[-1] == "FAIL: a|1, b against c (DEGRADED: a <stall>)"
    assert lines[-2].startswith("note: host differs")


def test_a_comparison_says_what_could_have_been_found(gate: GateReport) -> None:
    text = gate_text(gate)
    assert (
        "INCONCLUSIVE  voice_to_voice P95 against baseline: +10.0% [+2.0%, +20.0%],"
        " tolerance +5.0%; to settle it: about 9 pairs, if the change stays"
    ) in text
    assert "found in 4 of 5 cases: a change of +15.0% or worse" in text
    assert "(secondary)" in text
    assert "p 0.040 (Holm)" in text
    assert "P10 +12 [+3, +20]  P90 unknown" in text
