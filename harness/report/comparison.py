"""The section that holds a run against baseline runs, as a gate's analysis found it."""

from collections.abc import Sequence

from harness.analysis import Comparison, GateReport, Shift
from harness.errors import sanitised
from harness.report import svg
from harness.report.blocks import Cell, Facts, Part, Section, Table
from harness.report.ci import wording
from harness.report.figure_sections import both_widths
from harness.report.formatting import MISSING, signed

_HEIGHT_PX = 280
_SAYS = (
    (
        "The change is that of the quantity against the baseline's: +5.0% is a ratio of 1.05. Its"
        " bounds are one-sided, each with the confidence that is said below."
    ),
    (
        "Could find: the smallest true change that these runs would have shown in four of five"
        " cases. No difference found is no finding where this is large."
    ),
)


def section(found: GateReport | None) -> list[Section]:
    """Return the section; nothing without a baseline."""
    if found is None or not found.comparisons:
        return []
    parts: list[Part] = [_table(found.comparisons)]
    if known := [shift for shift in found.shift if shift.change_ms is not None]:
        parts.append(
            both_widths(
                lambda width: _shift_figure(known, found.shift_of, width),
                caption="Change of each decile with its 95 % interval: above zero it is slower."
                " A level line is a shift of all turns, a rising one of the tail.",
            )
        )
    parts.append(Facts(pairs=tuple(_facts(found))))
    return [
        Section(
            id="comparison",
            title="Against the baseline",
            says=_SAYS,
            parts=tuple(parts),
        )
    ]


def _facts(found: GateReport) -> list[tuple[str, str]]:
    pairs = [
        ("Runs", ", ".join(map(sanitised, found.runs))),
        ("Baseline", ", ".join(map(sanitised, found.baseline))),
        ("Confidence", f"{100 * found.confidence:g} %, one-sided"),
    ]
    return [*pairs, *(("Note", sanitised(note)) for note in (*found.notes, *found.caveats))]


def _table(comparisons: Sequence[Comparison]) -> Table:
    return Table(
        title="Against the baseline",
        head=("Quantity", "Verdict", "Run and baseline", "Change", "Tolerated", "Could find"),
        rows=tuple(map(_row, comparisons)),
        words=3,
        notes=tuple(
            f"{one.objective.subject}: to settle it, {words}."
            for one in comparisons
            if (words := sanitised(wording.settling(one)))
        ),
    )


def _row(found: Comparison) -> tuple[Cell, ...]:
    subject = sanitised(found.objective.subject)
    tolerated = wording.size(found, found.tolerated)
    could = MISSING if found.detectable is None else wording.size(found, found.detectable)
    verdict = str(found.verdict) if found.primary else f"{found.verdict}, secondary"
    if found.effect is None:
        return subject, verdict, sanitised(found.why), MISSING, tolerated, could
    change: Cell = (wording.size(found, found.effect.estimate), wording.bounds(found))
    return subject, verdict, wording.levels(found), change, tolerated, could


def _shift_figure(found: Sequence[Shift], metric: str, width_px: int) -> str:
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        axes.axhline(0, color=svg.INK, lw=1)
        colour, marker, _ = svg.series(0)
        for shift in found:
            if shift.low_ms is not None and shift.high_ms is not None:
                ends = [shift.low_ms, shift.high_ms]
                axes.plot([100 * shift.p] * 2, ends, color=colour, lw=6, alpha=0.3)
        at = [100 * shift.p for shift in found]
        changes = [shift.change_ms for shift in found if shift.change_ms is not None]
        axes.plot(at, changes, color=colour, marker=marker, lw=1.4)
        axes.set_xticks(at, [f"P{one:.0f}" for one in at])
        axes.yaxis.set_major_formatter(lambda value, _: signed(value) if value else "0")
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(f"change of {metric}, ms")
        return svg.export(
            figure,
            name=f"shift-{width_px}",
            label=f"Shift function: change of each decile of {metric} against the baseline",
        )
