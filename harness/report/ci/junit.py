"""A gate's verdict as JUnit XML, which most CI systems show as tests.

One test case a finding. Missed is a failure and inconclusive an error, since neither is a pass. A
secondary comparison, which does not decide, is passed or skipped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from harness.analysis import Comparison, GateReport, GateVerdict, ObjectiveResult, resting_on
from harness.errors import HarnessError
from harness.report.ci import wording

_SUITE = "harness gate"
# Control characters that XML 1.0 has no way to write.
_UNPRINTABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    place: str
    outcome: str
    message: str = ""
    text: str = ""
    kind: str = ""


_KINDS = {"failure": "missed", "error": "inconclusive"}


def gate_junit(report: GateReport) -> bytes:
    """Return the XML of a gate."""
    cases = [_objective(result) for result in report.objectives]
    cases += [_comparison(found, report) for found in report.comparisons]
    return _xml(cases, [*report.notes, *report.caveats])


def refusal_junit(error: HarnessError) -> bytes:
    """Return the XML of a gate that could judge nothing."""
    kind = error.exit_code.name.lower()
    case = _Case("gate", "harness.gate", "error", str(error), kind, kind)
    return _xml([case], ())


def _objective(result: ObjectiveResult) -> _Case:
    message = result.measured
    if result.settle:
        message += f"; to settle it: {result.settle}"
    outcome = {GateVerdict.PASS: "", GateVerdict.FAIL: "failure"}.get(result.verdict, "error")
    name = f"harness.gate.{result.run_id}"
    return _Case(str(result.objective), name, outcome, message, resting_on(result.found))


def _comparison(found: Comparison, report: GateReport) -> _Case:
    message = f"{wording.change(found)}, {wording.tolerance(found)}"
    if settle := wording.settling(found):
        message += f"; to settle it: {settle}"
    outcome = {GateVerdict.PASS: "", GateVerdict.FAIL: "failure"}.get(found.verdict, "error")
    name = f"{found.objective.subject} against baseline"
    if not found.primary:
        name += " (secondary)"
        message = f"{found.verdict}: {message}"
        outcome = "skipped" if outcome else ""
    text = "; ".join(filter(None, (wording.levels(found), wording.could_find(found))))
    return _Case(name, f"harness.gate.{'+'.join(report.runs)}", outcome, message, text)


def _xml(cases: Iterable[_Case], remarks: Iterable[str]) -> bytes:
    cases = list(cases)
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
    }
    root = ET.Element("testsuites", {"name": _SUITE, **counts})
    skipped = {"skipped": str(sum(case.outcome == "skipped" for case in cases))}
    suite = ET.SubElement(root, "testsuite", {"name": _SUITE, **counts, **skipped})
    for case in cases:
        element = ET.SubElement(
            suite, "testcase", {"name": _clean(case.name), "classname": _clean(case.place)}
        )
        if case.outcome:
            inner = ET.SubElement(element, case.outcome, {"message": _clean(case.message)})
            if case.outcome != "skipped":
                inner.set("type", case.kind or _KINDS[case.outcome])
                inner.text = _clean(case.text)
        else:
            ET.SubElement(element, "system-out").text = _clean(f"{case.message}\n{case.text}")
    if words := "\n".join(remarks):
        ET.SubElement(suite, "system-out").text = _clean(words)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _clean(text: str) -> str:
    return text.translate(_UNPRINTABLE)
