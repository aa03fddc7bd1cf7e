"""A gate's verdict as plain text: one line a finding, the verdict last, where a log ends."""

from collections.abc import Iterator

from harness.analysis import GateReport, ObjectiveResult, resting_on


def gate_text(report: GateReport) -> str:
    """Return the text of a gate, without a line end."""
    return "\n".join(_lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    several = len(report.runs) > 1
    for result in report.objectives:
        yield _objective(result, several=several)
        if rests := resting_on(result.found):
            yield f"{'':<14}{rests}"
    yield f"{report.verdict.upper()}: {', '.join(report.runs)}{_caveat(report)}"


def _objective(result: ObjectiveResult, *, several: bool) -> str:
    run = f" in {result.run_id}" if several else ""
    line = f"{result.verdict.upper():<12}  {result.objective}{run}: {result.measured}"
    return f"{line}; to settle it: {result.settle}" if result.settle else line


def _caveat(report: GateReport) -> str:
    return f" (DEGRADED: {'; '.join(report.caveats)})" if report.caveats else ""
