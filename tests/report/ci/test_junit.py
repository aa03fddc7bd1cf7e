from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from harness.analysis import GateReport
from harness.errors import RunInvalid
from harness.report.ci.junit import gate_junit, refusal_junit

# What Jenkins (junit-10.xsd of its xUnit plugin), GitLab and GitHub's actions read of an element:
# its attributes, and its children in their order.
COUNTS = {"tests", "failures", "errors"}
STRUCTURE: dict[str, tuple[set[str], list[str]]] = {
    "testsuites": ({"name"} | COUNTS, ["testsuite"]),
    "testsuite": ({"name", "skipped"} | COUNTS, ["testcase", "system-out"]),
    "testcase": ({"name", "classname"}, ["failure", "error", "skipped", "system-out"]),
    "failure": ({"message", "type"}, []),
    "error": ({"message", "type"}, []),
    "skipped": ({"message"}, []),
    "system-out": (set(), []),
}


def misread(xml: bytes) -> list[str]:
    """Return what CI systems would not read as it is meant."""
    root = ET.fromstring(xml)
    wrong = [] if root.tag == "testsuites" else [root.tag]
    for element in root.iter():
        attributes, order = STRUCTURE[element.tag]
        if set(element.attrib) != attributes:
            wrong.append(f"{element.tag} has {sorted(element.attrib)}")
        tags = [child.tag for child in element]
        if not set(tags) <= set(order) or tags != sorted(tags, key=order.index):
            wrong.append(f"{element.tag} holds {tags}")
        if element.tag == "testcase" and len(element) != 1:
            wrong.append(f"{element.get('name')} has {len(element)} outcomes")
        counted = {"tests": "testcase", "failures": "failure", "errors": "error"}
        for name, tag in (counted | {"skipped": "skipped"}).items():
            if name in element.attrib and int(element.attrib[name]) != len([*element.iter(tag)]):
                wrong.append(f"{element.tag} counts {element.attrib[name]} {name}")
    return wrong


def test_ci_systems_read_it(gate: GateReport) -> None:
    assert misread(gate_junit(gate)) == []
    assert misread(gate_junit(replace(gate, notes=(), caveats=(), comparisons=()))) == []
    assert misread(refusal_junit(RunInvalid("the generator stalled"))) == []


@pytest.mark.parametrize(
    ("as_it_is", "spoiled"),
    [
        (b'tests="5"', b'tests="4"'),
        (b'skipped="1"', b'skipped="0"'),
        (b"classname=", b"class="),
        (b"<skipped ", b"<system-out/><skipped "),
        (b' type="missed"', b""),
    ],
)
def test_what_they_would_misread_is_seen(gate: GateReport, as_it_is: bytes, spoiled: bytes) -> None:
    xml = gate_junit(gate)
    assert as_it_is in xml
    assert misread(xml.replace(as_it_is, spoiled))


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
