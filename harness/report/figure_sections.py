"""The sections of the page that are drawn: intervals, percentile curve, time, stages."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from markupsafe import Markup

from harness.analysis import (
    Point,
    last_s,
    latency_bins,
    load_curve,
    points,
    typical_and_slow,
    unheard,
)
from harness.analysis.load_curve import LEVEL
from harness.model import Run
from harness.model.summary import Summary
from harness.report import figures
from harness.report.blocks import Figure, Section, Text
from harness.report.formatting import counted, number, percent
from harness.report.heat_map import heat_map
from harness.report.points import networks, thinned
from harness.report.summary_view import by_network, quantiles

_WIDE_PX, _NARROW_PX = 860, 358
_WIDE_POINTS, _NARROW_POINTS = 4_000, 1_500


_PHASES = (
    f"Shaded: before the load first had {100 * LEVEL:.0f} % of its peak, and after it last had it."
    " The turns there are in every number all the same."
)


def drawn_sections(run: Run) -> list[Section]:
    """Return curve, turns over time and stages; without turns there is nothing to draw."""
    names = networks(run)
    everything = points(run)
    groups = {name: [p for p in everything if p.network == name] for name in names}
    groups = {name: drawn for name, drawn in groups.items() if drawn}
    if not groups:
        return []
    return [_curve(groups), _over_time(groups, run), _stages(groups)]


def interval_figure(summary: Summary) -> Figure | None:
    """Return P50, P95 and P99 by network as dots with bars; `None` when none is known."""
    rows = {name: quantiles(part.metrics) for name, part in by_network(summary).items()}
    if all(quantile.value is None for found in rows.values() for quantile in found.values()):
        return None
    return both_widths(
        lambda width: figures.intervals(rows, width_px=width),
        caption="Dot: the percentile. Bar: its 95 % interval.",
    )


def both_widths(draw: Callable[[int], str], caption: str = "") -> Figure:
    """Return a figure in the page's two widths.

    Args:
        draw: Takes a width in pixels and returns what `svg.export` made.
        caption: How to read it.
    """
    # Markup marks as safe what svg.export made; foreign text in it was escaped by the export.
    return Figure(
        wide=Markup(draw(_WIDE_PX)),  # noqa: S704
        narrow=Markup(draw(_NARROW_PX)),  # noqa: S704
        caption=caption,
    )


def _curve(groups: Mapping[str, Sequence[Point]]) -> Section:
    merged = [point for drawn in groups.values() for point in drawn]
    silent = unheard(merged)
    waited = counted(silent.waited, "turn")
    caption = (
        "Every order statistic of the run, without smoothing; each line ends at its slowest turn."
    )
    if silent.waited:
        caption += (
            f" Of {waited} nothing was heard within the limit: they stand in"
            " it with the limit, the least they would have taken."
        )
    if silent.cut_off:
        caption += f" It is without {counted(silent.cut_off, 'turn')} that failed or ended early."
    return Section(
        id="curve",
        title="Percentile curve",
        says=(
            "The axis gives every further nine the same room, so the tail can be read.",
            "To the right of the last percentile printed above, the line is a few turns only.",
        ),
        parts=(
            both_widths(lambda w: figures.percentile_curve(groups, width_px=w), caption),
            *_heat(groups),
        ),
    )


def _heat(groups: Mapping[str, Sequence[Point]]) -> Iterator[Figure]:
    bins = latency_bins(groups)
    if bins is None:
        return
    most = max(share for shares in bins.shares.values() for share in shares)
    yield both_widths(
        lambda w: heat_map(bins, width_px=w),
        "The same turns by latency: the stronger a field, the more of its network's turns. The"
        f" strongest stands for {percent(most)} of them; two strong ranges in a row are two kinds"
        " of turn.",
    )


def _over_time(groups: Mapping[str, Sequence[Point]], run: Run) -> Section:
    merged = [point for drawn in groups.values() for point in drawn if point.at_s is not None]
    duration, load = last_s(merged), load_curve(run.sessions)

    def draw(width: int) -> str:
        limit = _WIDE_POINTS if width == _WIDE_PX else _NARROW_POINTS
        kept = thinned(merged, limit)
        chosen = {name: [p for p in kept if p.network == name] for name in groups}
        return figures.turns_over_time(chosen, duration_s=duration, width_px=width, load=load)

    caption = ""
    if len(merged) > _WIDE_POINTS:
        caption = (
            f"Shows about {number(_WIDE_POINTS, 0)} of {number(len(merged), 0)} turns: a tenth of"
            " them the worst, those without an answer before the slowest, the others every k-th"
            f" in order of time. A narrow window shows about {number(_NARROW_POINTS, 0)}."
        )
    return Section(
        id="time",
        title="Turns over time",
        says=(
            "One mark a turn, at the moment the caller stopped speaking.",
            "A drift or a step here means that the percentiles mix different conditions.",
            *([_PHASES] if load is not None else []),
        ),
        parts=(both_widths(draw, caption),),
    )


def _stages(groups: Mapping[str, Sequence[Point]]) -> Section:
    found = {name: typical_and_slow(drawn) for name, drawn in groups.items()}
    rows = {name: means for name, means in found.items() if means is not None}
    says = (
        (
            "Percentiles of stages do not add up to the percentile of the whole; means of the same"
            " turns do."
        ),
        (
            "At P50: the mean of the answered turns between P45 and P55 of voice_to_voice. At P95:"
            " of those between P92.5 and P97.5."
        ),
    )
    if not rows:
        why = "Not drawn: no network has 20 answered turns in which the server told its endpoint."
        return Section(
            id="stages",
            title="Where the time goes",
            says=says,
            parts=(Text(text=why),),
        )
    sizes = "; ".join(
        f"{name} {number(typical.n, 0)} and {number(slow.n, 0)}"
        for name, (typical, slow) in rows.items()
    )
    caption = (
        "Endpoint delay: until the server decided that the caller had finished. Response delay:"
        " from there to the first audio received. Silence: from there to the first audible sample."
        f" Turns averaged, at P50 and at P95: {sizes}."
    )
    figure = both_widths(lambda w: figures.stages(rows, width_px=w), caption)
    return Section(id="stages", title="Where the time goes", says=says, parts=(figure,))
