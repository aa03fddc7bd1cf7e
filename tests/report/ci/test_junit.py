from xml.etree import ElementTree as ET

from harness.analysis import GateReport
from harness.errors import RunInvalid
from harness.report.ci.junit import gate_junit, refusal_junit


def test_every_finding_is_a_test_case_that_passes_only_when_shown(gate: GateReport) -> None:
    root = ET.fromstring(gate_junit(gate))
    assert root.attrib == {"name": "harness gate", "tests": "5", "failures": "1", "errors": "2"}
    (suite,) = root
    assert suite.get("skipped") == "1"
    inner = [[child.tag for child in case] for case in suite.findall("testcase")]
    assert inner == [["system-out"], ["failure"], ["error"], ["error"], ["skipped"]]
    missed = suite.find("testcase/failure")
    assert missed is not None
    assert missed.get("type") == "missed"
    secondary = suite.findall("testcase")[-1]
    assert "(secondary)" in secondary.attrib["name"]
    assert "fail:" in secondary[0].attrib["message"]


def test_what_xml_cannot_hold_is_left_out(gate: GateReport) -> None:
    text = gate_junit(gate).decode()
    assert "\x07" not in text
    assert "a &lt;stall&gt;" in text


def test_a_gate_that_judged_nothing_is_an_error() -> None:
    root = ET.fromstring(refusal_junit(RunInvalid("the generator stalled", where="run")))
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert "the generator stalled" in error.attrib["message"]
    assert error.attrib["type"] == "invalid"
    assert root.get("errors") == "1"
