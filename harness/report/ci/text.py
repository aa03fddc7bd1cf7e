"""A gate's verdict as plain text: one line a finding, the verdict last, where a log ends."""

from collections.abc import Iterator

from harness.analysis import Comparison, GateReport, ObjectiveResult, Shift, resting_on
from harness.report.ci import wording

_INDENT = " " * 14


def gate_text(report: GateReport) -> str:
    """Return the text of a gate, without a line end."""
    return "\n".join(_lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    several = len(report.runs) > 1
    for result in report.objectives:
        yield _objective(result, several=several)
        if rests := resting_on(result.found):
            yield f"{_INDENT}{rests}"
    for found in report.comparisons:
        yield from _comparison(found)
    if report.shift:
        yield f"{_INDENT}{report.shift_of} by decile, change in ms:"
        yield f"{_INDENT}{'  '.join(map(_decile, report.shift))}"
    for note in report.notes:
        yield f"note: {note}"
    yield f"{report.verdict.upper()}: {subject(report)}{_caveat(report)}"


def subject(report: GateReport) -> str:
    """Return which runs were judged, and against which."""
    words = ", ".join(report.runs)
    return f"{words} against {', '.join(report.baseline)}" if report.baseline else words


def _objective(result: ObjectiveResult, *, several: bool) -> str:
    run = f" in {result.run_id}" if several else ""
    line = f"{result.verdict.upper():<12}  {result.objective}{run}: {result.measured}"
    return f"{line}; to settle it: {result.settle}" if result.settle else line


def _comparison(found: Comparison) -> Iterator[str]:
    kind = "" if found.primary else " (secondary)"
    line = (
        f"{found.verdict.upper():<12}  {found.objective.subject} against baseline{kind}:"
        f" {wording.change(found)}, {wording.tolerance(found)}"
    )
    settle = wording.settling(found)
    yield f"{line}; to settle it: {settle}" if settle else line
    if found.effect is not None:
        below = [wording.levels(found), wording.could_find(found)]
        if found.adjusted is not None:
            below.append(f"p {found.adjusted:.3f} (Holm)")
        yield f"{_INDENT}{'; '.join(filter(None, below))}"


def _decile(shift: Shift) -> str:
    name = f"P{100 * shift.p:.0f}"
    if shift.change_ms is None:
        return f"{name} unknown"
    words = f"{name} {shift.change_ms:+.0f}"
    if shift.low_ms is None or shift.high_ms is None:
        return words
    return f"{words} [{shift.low_ms:+.0f}, {shift.high_ms:+.0f}]"


def _caveat(report: GateReport) -> str:
    return f" (DEGRADED: {'; '.join(report.caveats)})" if report.caveats else ""
