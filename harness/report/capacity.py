"""A capacity search on a page of its own: the limit, the curve, every step, spike and soak."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.findings import CapacityFindings
from harness.analysis.capacity.limit import Limit, fit_steps
from harness.analysis.capacity.spike import Spike
from harness.analysis.capacity.step import StepResult
from harness.analysis.objectives.verdict import GateVerdict
from harness.analysis.quantiles import Estimate
from harness.errors import sanitised
from harness.recording import replace_file
from harness.report import svg
from harness.report.blocks import Card, Cell, Facts, Figure, Section, Table, Text
from harness.report.ci.capacity import broke, step_verdict
from harness.report.figure_sections import both_widths
from harness.report.formatting import MISSING, counted, money, number, percent, signed
from harness.report.page import Page, as_html

_HEIGHT_PX = 300
_STATES = {
    GateVerdict.PASS: "FOUND",
    GateVerdict.FAIL: "FAILED",
    GateVerdict.INCONCLUSIVE: "INCONCLUSIVE",
}
_CURVE = (
    "Every dot is a run of so many held callers; bars are 95 % intervals within the run.",
    "The line is the fit, which never gets better with the load; the band is the limit's interval.",
)
_STEPS = (
    "Turns count from the end of the warm-up until no new call was begun. A failed turn is late.",
    "Missed: the share of turns that missed the objective nearest to its limit.",
)
_METHOD = (
    (
        "Loads are doubled until one misses an objective; points in between follow in random"
        " order, and the two loads beside the limit are repeated. Per objective, the share of"
        " turns that missed it is fitted by isotonic regression, and the limit is where the fit"
        " passes the share that may."
    ),
    (
        "The interval is that of sessions drawn again within every run, widened by what runs at"
        " one load differ beyond that, and by spans of time that differ more than sessions do. A"
        " cliff is a jump beside the limit beyond three standard deviations, level behind it."
    ),
    "An interval cannot see what changes from one day to the next: repeat the search to know.",
)


def write_capacity(
    folder: Path, found: CapacityFindings, facts: Sequence[tuple[str, str]], currency: str
) -> Path:
    """Write `report.html` into the folder of a search, whole or not at all.

    Args:
        folder: The search's folder.
        found: What it found.
        facts: What was searched, by name.
        currency: Of the costs.

    Raises:
        BadInput: The file cannot be written.
    """
    path = folder / "report.html"
    replace_file(path, as_html(_page(found, facts, currency)).encode())
    return path


def capacity_sections(found: CapacityFindings) -> list[Section]:
    """Return the sections of a search: curve and steps, spike, soak, method."""
    sections = [_curve(found)] if fit_steps(found.steps) else []
    sections.append(
        Section(id="steps", title="Steps", says=_STEPS, parts=(_steps_table(found.steps),))
    )
    if found.spike is not None:
        sections.append(_spike(found.spike))
    if found.soak:
        sections.append(_soak(found.soak))
    for name, why in found.not_made:
        text = Text(text=f"Not made: {sanitised(why)}.")
        sections.append(Section(id=name, title=name.capitalize(), says=(), parts=(text,)))
    sections.append(
        Section(
            id="capacity-method",
            title="Method",
            says=(),
            parts=tuple(Text(text=text) for text in (*_METHOD, *map(sanitised, found.notes))),
        )
    )
    return sections


def _page(found: CapacityFindings, facts: Sequence[tuple[str, str]], currency: str) -> Page:
    limit, boundary = found.limit, found.boundary
    reasons = []
    if limit is not None and limit.binding:
        reasons.append(f"Missed first: {sanitised(limit.binding)}.")
    if boundary is not None:
        reasons.append(f"{str(boundary.kind).capitalize()}: {sanitised(boundary.why)}.")
    steps = counted(len(found.steps), "step")
    return Page(
        title=" · ".join(["Capacity", *(sanitised(text) for _, text in facts[:2])]),
        subtitle=f"The largest number of held calls that meets every objective, from {steps}.",
        state=_STATES[found.verdict(None)],
        verdict=sanitised(found.sentence),
        reasons=tuple(reasons),
        loud=(),
        cards=tuple(_cards(found, currency)),
        sections=(*capacity_sections(found), _searched(facts)),
        footer="Written by harness; capacity.json beside it holds the same numbers.",
    )


def _searched(facts: Sequence[tuple[str, str]]) -> Section:
    pairs = tuple((sanitised(name), sanitised(text)) for name, text in facts)
    return Section(id="searched", title="What was searched", says=(), parts=(Facts(pairs=pairs),))


def _cards(found: CapacityFindings, currency: str) -> list[Card]:
    limit = found.limit
    kind = MISSING if found.boundary is None else str(found.boundary.kind)
    cost = [step.cost for step in found.steps if step.cost is not None]
    priced = "" if len(cost) == len(found.steps) else f"{len(cost)} of {len(found.steps)} steps, "
    minutes = sum(step.seconds for step in found.steps) / 60
    return [
        Card(label="Held calls", value=_limit(limit), under=_interval(limit)),
        Card(label="Boundary", value=kind),
        Card(label="Steps", value=number(len(found.steps), 0), under=f"{number(minutes)} min"),
        Card(
            label="Cost of the steps",
            value=money(sum(cost) if cost else None, currency),
            under=f"{priced}at list prices",
        ),
    ]


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return MISSING
    return f"≥ {limit.most}" if limit.calls is None else number(limit.calls, 0)


def _interval(limit: Limit | None) -> str:
    if limit is None or limit.calls is None:
        return "no load measured misses an objective"
    return f"{limit.low} to {MISSING if limit.high is None else limit.high}"


def _curve(found: CapacityFindings) -> Section:
    caption = "Share of turns that missed each objective; the level lines are what may miss it."
    parts: list[Figure | Text] = [
        both_widths(lambda width: _missed_figure(found, width), caption),
    ]
    steps = fit_steps(found.steps)
    if any(one is not None and one.value_ms is not None for s in steps for one in (s.p50, s.p95)):
        parts.append(both_widths(lambda width: _latency_figure(found, width)))
    else:
        parts.append(Text(text="No step had turns enough for a P50 or P95 of its latency."))
    return Section(id="capacity", title="Capacity curve", says=_CURVE, parts=tuple(parts))


def _missed_figure(found: CapacityFindings, width_px: int) -> str:
    steps = fit_steps(found.steps)
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        subjects = [share.subject for share in steps[0].shares]
        highest = 0.0
        for index, subject in enumerate(subjects):
            colour, marker, dash = svg.series(index)
            shares = [step.shares[index] for step in steps]
            loads = [step.load for step in steps]
            values = [100 * share.share for share in shares]
            highest = max([highest, *values])
            axes.plot(loads, values, color=colour, marker=marker, ls="none", label=subject)
            curve = found.curves[index]
            axes.plot(
                curve.loads, [100 * share for share in curve.fitted], color=colour, ls=dash, lw=1.6
            )
            allowed = 100 * shares[0].allowed
            axes.axhline(allowed, color=colour, lw=1, alpha=0.6)
        _loads_axis(axes, found.limit, max(step.load for step in steps))
        axes.set_ylim(0, max(1.0, 1.08 * highest))
        axes.set_ylabel("missed, % of turns")
        svg.sentences_above(axes)
        return svg.export(
            figure,
            name=f"missed-{width_px}",
            label="Share of turns that missed each objective, over the number of held calls",
        )


def _latency_figure(found: CapacityFindings, width_px: int) -> str:
    steps = fit_steps(found.steps)
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        for index, (name, pick) in enumerate((("P50", "p50"), ("P95", "p95"))):
            colour, marker, _ = svg.series(index)
            known = [(step.load, getattr(step, pick)) for step in steps]
            known = [(load, one) for load, one in known if one and one.value_ms is not None]
            for load, one in known:
                if one.low_ms is not None and one.high_ms is not None:
                    axes.plot(
                        [load, load], [one.low_ms, one.high_ms], color=colour, lw=4, alpha=0.3
                    )
            axes.plot(
                [load for load, _ in known],
                [one.value_ms for _, one in known],
                color=colour,
                marker=marker,
                ls="none",
                label=name,
            )
        _loads_axis(axes, found.limit, max(step.load for step in steps))
        axes.set_ylim(bottom=0)
        axes.set_ylabel(f"{steps[0].metric or 'latency'}, ms")
        svg.legend_above(axes, 2)
        return svg.export(
            figure,
            name=f"load-latency-{width_px}",
            label="P50 and P95 of the latency of each step, over the number of held calls",
        )


def _loads_axis(axes: Axes, limit: Limit | None, most: int) -> None:
    """Draw the limit with its interval, and number the calls up to the largest load."""
    if limit is not None and limit.calls is not None:
        right = limit.high if limit.high is not None else most
        axes.axvspan(limit.low - 0.1, right + 0.1, color=svg.MUTED, alpha=0.2, lw=0)
        axes.axvline(limit.calls, color=svg.INK, lw=1.2)
    axes.set_xlabel("held calls")
    axes.set_xlim(0, 1.04 * most)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _steps_table(steps: Sequence[StepResult]) -> Table:
    rows = tuple(_row(step) for step in sorted(steps, key=lambda one: one.load))
    return Table(
        title="Steps of the search, by load",
        head=("Calls", "Verdict", "Turns", "P50 ms", "P95 ms", "Failed", "Missed", "Allowed"),
        rows=rows,
        words=2,
        notes=("Small numbers: 95 % intervals within the run.",),
    )


def _row(step: StepResult) -> tuple[Cell, ...]:
    if step.unfit:
        return (str(step.load), f"unfit: {sanitised(step.unfit)}", *([MISSING] * 6))
    worst = step.tightest
    return (
        str(step.load),
        step_verdict(step),
        number(step.turns, 0),
        _estimate(step.p50),
        _estimate(step.p95),
        percent(step.failed),
        percent(worst.share),
        percent(worst.allowed),
    )


def _estimate(found: Estimate | None) -> Cell:
    if found is None or found.value_ms is None:
        return MISSING
    low, high = (MISSING if end is None else number(end) for end in (found.low_ms, found.high_ms))
    return number(found.value_ms), f"{low} to {high}"


def _spike(spike: Spike) -> Section:
    says = (
        (
            f"{counted(spike.load, 'call')} held throughout, {spike.peak} for"
            f" {number(spike.seconds, 0)} s. Only the turns of those held throughout are looked at."
        ),
    )
    if spike.why:
        part: Table | Text = Text(text=f"Unknown: {sanitised(spike.why)}.")
    else:
        part = Table(
            title="What the spike broke, in order",
            head=("Objective", "Broke after", "Back after its end", "Before", "During"),
            rows=tuple(
                (
                    sanitised(one.subject),
                    broke(one) if one.broke_within_s is None else f"≤ {broke(one)}",
                    MISSING if one.back_within_s is None else f"≤ {number(one.back_within_s, 0)} s",
                    percent(one.before),
                    percent(one.during),
                )
                for one in spike.broken
            ),
            notes=("Before and during: share of turns that missed the objective.",),
        )
    return Section(id="spike", title="Spike and recovery", says=says, parts=(part,))


def _soak(soak: Sequence[Drift]) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for one in soak:
        if one.per_hour is None or one.low is None or one.high is None:
            rows.append((one.what, sanitised(one.why), MISSING, number(one.n, 0)))
            continue
        slope: Cell = (signed(one.per_hour), f"{signed(one.low)} to {signed(one.high)}")
        verdict = "changes" if one.is_shown else "no change beyond chance"
        rows.append((one.what, f"{verdict}, in {one.unit}", slope, number(one.n, 0)))
    hours = max(one.hours for one in soak)
    table = Table(
        title="Drift over the soak",
        head=("What", "Verdict", "Per hour", "n"),
        rows=tuple(rows),
        words=2,
        notes=(f"Over {number(hours, 2)} hours; slopes of least squares, sessions drawn again.",),
    )
    return Section(id="soak", title="Soak", says=(), parts=(table,))
