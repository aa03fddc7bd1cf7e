"""The section of calls as their callers met them: how many went wrong, and the worst of them."""

from collections.abc import Sequence

from harness.analysis import TurnTimeline, timeline, turns_of
from harness.errors import sanitised
from harness.model import Run
from harness.model.breakdown_summary import CallsSummary, CallSummary
from harness.model.summary import Summary
from harness.report.blocks import Folded, Part, Section, Table
from harness.report.figure_sections import both_widths
from harness.report.formatting import MISSING, counted, number, percent
from harness.report.timeline import call_timeline

_ROWS = 14
_SAYS = (
    "A call is as bad as its worst turn; one that failed is worse than a slow one.",
    (
        "Open a call to see its turns. The wait is from the end of the caller's speech to the first"
        " audible sample, or to the first text; gaps are those of a listener with a jitter buffer"
        " of 60 ms."
    ),
)


def section(run: Run, summary: Summary) -> list[Section]:
    """Return the section; nothing without a turn that counts."""
    found = summary.calls
    if found is None:
        return []
    opened = (_opened(run, call, at) for at, call in enumerate(found.worst))
    parts: tuple[Part, ...] = (_table(found), *opened)
    return [Section(id="calls", title="The worst calls", says=_SAYS, parts=parts)]


def _table(found: CallsSummary) -> Table:
    rows = tuple(
        (
            sanitised(call.session_id),
            sanitised(call.network),
            sanitised(call.fault) or MISSING,
            number(call.turns, 0),
            number(call.failed, 0),
            MISSING if call.slowest_ms is None else number(call.slowest_ms),
        )
        for call in found.worst
    )
    interval = f"95 %: {percent(found.low)} to {percent(found.high)}"
    failed = f"{number(found.failed, 0)} of {counted(found.n, 'call')} ({percent(found.share)})"
    return Table(
        title="The worst calls",
        head=("Call", "Network", "Fault of the worst turn", "Turns", "Failed", "Slowest, ms"),
        rows=rows,
        words=3,
        notes=(f"{failed} had a turn that failed; {interval}.",),
    )


def _opened(run: Run, call: CallSummary, at: int) -> Folded:
    turns = timeline(turns_of(run, call.session_id))
    shown = _around(turns, call.turn_index)
    caption = ""
    if len(shown) < len(turns):
        first, last = shown[0].turn_index + 1, shown[-1].turn_index + 1
        caption = f"Turns {first} to {last} of {number(len(turns), 0)}."
    figure = both_widths(
        lambda width: call_timeline(
            shown, worst=call.turn_index, name=f"call-{at}", width_px=width
        ),
        caption,
    )
    network = sanitised(call.network)
    title = f"{sanitised(call.session_id)}, {network}: turn {call.turn_index + 1} was the worst"
    return Folded(title=title, part=figure, is_open=at == 0)


def _around(turns: Sequence[TurnTimeline], worst: int) -> Sequence[TurnTimeline]:
    """Return as many turns as a figure can hold, the worst among them."""
    place = next((at for at, turn in enumerate(turns) if turn.turn_index == worst), 0)
    first = max(0, min(place - _ROWS // 2, len(turns) - _ROWS))
    return turns[first : first + _ROWS]
