"""A gate's verdict for GitHub Actions: a job summary in Markdown, and annotations in the log."""

from collections.abc import Iterator

from harness.analysis import Comparison, GateReport, GateVerdict, ObjectiveResult
from harness.errors import HarnessError
from harness.report.ci import wording
from harness.report.ci.text import subject

_MARK = {GateVerdict.PASS: "✅", GateVerdict.FAIL: "❌", GateVerdict.INCONCLUSIVE: "❔"}
_LEVEL = {GateVerdict.FAIL: "error", GateVerdict.INCONCLUSIVE: "warning"}


def job_summary(report: GateReport) -> str:
    """Return the Markdown of a gate: the verdict, then a table a kind of finding."""
    return "\n".join(_summary(report)) + "\n"


def refusal_summary(error: HarnessError) -> str:
    """Return the Markdown of a gate that could judge nothing."""
    return f"## 🚫 {error.exit_code.name}\n\n{_cell(str(error))}\n"


def annotations(report: GateReport) -> Iterator[str]:
    """Yield a workflow command for every finding that is not a pass; secondary ones are notices."""
    for result in report.objectives:
        if result.verdict in _LEVEL:
            words = result.measured
            words += f"; to settle it: {result.settle}" if result.settle else ""
            title = f"{result.verdict.upper()}: {result.objective} ({result.run_id})"
            yield _command(_LEVEL[result.verdict], title, words)
    for found in report.comparisons:
        if found.verdict in _LEVEL:
            level = _LEVEL[found.verdict] if found.primary else "notice"
            kind = "" if found.primary else " (secondary)"
            title = f"{found.verdict.upper()}: {found.objective.subject} against baseline{kind}"
            words = f"{wording.change(found)}, {wording.tolerance(found)}"
            settle = wording.settling(found)
            yield _command(level, title, f"{words}; to settle it: {settle}" if settle else words)


def refusal_annotation(error: HarnessError) -> str:
    """Return the workflow command of a gate that could judge nothing."""
    return _command("error", error.exit_code.name, str(error))


def _summary(report: GateReport) -> Iterator[str]:
    yield f"## {_MARK[report.verdict]} {report.verdict.upper()}"
    yield ""
    yield _cell(subject(report))
    if report.objectives:
        yield ""
        yield "| | objective | run | measured | to settle it |"
        yield "|---|---|---|---|---|"
        yield from map(_objective, report.objectives)
    if report.comparisons:
        yield ""
        yield "| | against baseline | change | tolerance | from | could find | to settle it |"
        yield "|---|---|---|---|---|---|---|"
        yield from map(_comparison, report.comparisons)
    if report.shift:
        yield ""
        yield f"Change of {report.shift_of} by decile, in ms:"
        yield ""
        yield "| " + " | ".join(f"P{100 * s.p:.0f}" for s in report.shift) + " |"
        yield "|" + "---|" * len(report.shift)
        changes = ("?" if s.change_ms is None else f"{s.change_ms:+.0f}" for s in report.shift)
        yield "| " + " | ".join(changes) + " |"
    remarks = [*report.notes, *(f"DEGRADED: {reason}" for reason in report.caveats)]
    if remarks:
        yield ""
        yield from (f"* {_cell(remark)}" for remark in remarks)


def _objective(result: ObjectiveResult) -> str:
    cells = (str(result.objective), result.run_id, result.measured, result.settle)
    return f"| {_MARK[result.verdict]} | " + " | ".join(map(_cell, cells)) + " |"


def _comparison(found: Comparison) -> str:
    kind = "" if found.primary else " (secondary)"
    cells = (
        f"{found.objective.subject}{kind}",
        wording.change(found),
        wording.tolerance(found).removeprefix("tolerance "),
        wording.levels(found),
        "" if found.detectable is None else wording.size(found, found.detectable),
        wording.settling(found),
    )
    return f"| {_MARK[found.verdict]} | " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """Return text that Markdown shows as it is, in a table as well."""
    for character in "\\`*_{}[]<>|#~":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
