"""The sections of the page that show the summary's numbers."""

from collections.abc import Mapping

from harness.analysis import METRICS
from harness.errors import sanitised
from harness.model.summary import (
    FailureSummary,
    LoadSummary,
    PercentileSummary,
    Summary,
)
from harness.report.blocks import Card, Cell, Figure, Section, Table
from harness.report.formatting import MISSING, counted, number, percent
from harness.report.summary_view import (
    HEADLINE,
    IN_TEXT,
    Part,
    by_class,
    by_kind,
    by_network,
    failed,
    gaps,
    headline,
    headline_title,
    measured,
    quantiles,
    several_targets,
    turns,
)

_ALL = "all together"
_WHOLE = {
    HEADLINE: "the end of the caller's speech to the first audible sample of the response",
    IN_TEXT: "the instant at which the prompt was due to the first text of the response received",
}
_INTERVALS = (
    "The small numbers are 95 % intervals; they hold within this run and cannot see how runs"
    " differ from each other."
)


def anchor(metric: str) -> str:
    """Return where the page defines a metric."""
    return f"is-{metric.replace('_', '-')}"


def cards(summary: Summary) -> list[Card]:
    """Return the main numbers: the headline's percentiles, failures, cost."""
    n, title = measured(summary.metrics), headline_title(summary.metrics)
    found = []
    for name, quantile in quantiles(summary.metrics).items():
        value, under = _words(quantile)
        unit = "ms" if value != MISSING else ""
        under = under if quantile.value is None or quantile.low is None else f"95 %: {under}"
        found.append(
            Card(
                label=f"{name} {title.lower()}",
                value=value,
                unit=unit,
                under=under,
                link=anchor(headline(summary.metrics)),
            )
        )
    rate, cost = summary.failure_rate, summary.cost
    found.append(
        Card(
            label="Turns that failed",
            value=percent(rate.value),
            under=f"{number(rate.failed, 0)} of {number(rate.n, 0)}{_range(rate)}",
        )
    )
    load = summary.load
    found.append(
        Card(
            label="Turns measured",
            value=number(n, 0),
            under=f"in {counted(load.sessions, 'session')}{_at_once(load)}",
        )
    )
    per_minute = cost.per_minute
    found.append(
        Card(
            label="Cost per minute",
            value=MISSING if per_minute is None else number(per_minute, 3),
            unit="" if per_minute is None else cost.currency,
            under=cost.why or f"from {cost.basis}",
        )
    )
    return found


def _range(rate: FailureSummary) -> str:
    return "" if rate.low is None else f"; 95 %: {percent(rate.low)} to {percent(rate.high)}"


def _at_once(load: LoadSummary) -> str:
    peak = load.concurrency_peak
    return "" if peak is None else f", at most {number(peak, 0)} at once"


def _words(quantile: PercentileSummary) -> tuple[str, str]:
    """Return a percentile and what stands under it: its interval, else the reason."""
    if quantile.value is not None:
        value = number(quantile.value)
    elif quantile.low is not None:
        value = f"≥ {number(quantile.low)}"
    else:
        value = MISSING
    if quantile.low is None or quantile.value is None:
        return value, sanitised(quantile.why)
    high = "or more" if quantile.high is None else f"to {number(quantile.high)}"
    return value, f"{number(quantile.low)} {high}"


def latency(summary: Summary, figure: Figure | None) -> Section:
    """Return percentiles of the headline by network, with intervals and counts."""
    parts = by_network(summary)
    table = strata_table("Network", parts if len(parts) == 1 else {**parts, _ALL: summary})
    says = (
        f"From {_WHOLE[headline(summary.metrics)]}.",
        _INTERVALS,
        "Measured counts the turns that the percentiles come from.",
        f"{MISSING} stands for a percentile that the number of turns cannot support.",
    )
    shown = (table,) if figure is None else (table, figure)
    title = f"{headline_title(summary.metrics)} by network"
    return Section(id="latency", title=title, says=says, parts=shown)


def kinds(summary: Summary) -> Section:
    """Return percentiles of the headline by kind of turn."""
    says = (
        (
            "The other tables pool all turns. A first turn pays for a cold start, a tool turn for"
            " the tool: compare like with like."
        ),
    )
    table = strata_table("Turn", by_kind(summary))
    title = f"{headline_title(summary.metrics)} by kind of turn"
    return Section(id="kinds", title=title, says=says, parts=(table,))


def classes(summary: Summary) -> Section:
    """Return percentiles of the headline by user class."""
    says = ("The user classes of the scenario, each with calls of its own.",)
    parts: list[Table] = [strata_table("User class", by_class(summary))]
    if several_targets(summary):
        parts.append(_targets(summary))
    title = f"{headline_title(summary.metrics)} by user class"
    return Section(id="classes", title=title, says=says, parts=tuple(parts))


def _targets(summary: Summary) -> Table:
    """Return what the callers of each user class called."""
    return Table(
        title="Targets of user classes",
        head=("User class", "Target", "Dialect", "Model", "Audio frames"),
        rows=tuple(
            (
                sanitised(one.user_class),
                sanitised(one.target),
                sanitised(one.dialect),
                sanitised(one.model) or MISSING,
                f"{one.frame_ms} ms, {one.audio.encoding} at {number(one.audio.rate_hz, 0)} Hz",
            )
            for one in summary.provenance.targets
        ),
        words=5,
    )


def strata_table(of: str, parts: Mapping[str, Part]) -> Table:
    """Return percentiles of the headline, one row a stratum.

    Args:
        of: What the strata are, as the first column is called.
        parts: Strata by name.
    """
    found = {name: quantiles(part.metrics) for name, part in parts.items()}
    rows = (
        (
            sanitised(name).replace("_", " ") if of == "Turn" else sanitised(name) or MISSING,
            number(turns(part), 0),
            number(measured(part.metrics), 0),
            *map(_cell, found[name].values()),
            (number(failed(part), 0), percent(part.failure_rate.value)),
        )
        for name, part in parts.items()
    )
    return Table(
        title=f"{_name_of(parts)} by {of.lower()}",
        head=(of, "Turns", "Measured", "P50, ms", "P95, ms", "P99, ms", "Failed"),
        rows=tuple(rows),
        total=_ALL in parts,
        notes=_sentences(found),
    )


def _name_of(parts: Mapping[str, Part]) -> str:
    """Return the headline of strata; one without any latency does not tell."""
    return next((IN_TEXT for part in parts.values() if IN_TEXT in part.metrics), HEADLINE)


def _sentences(found: Mapping[str, Mapping[str, PercentileSummary]]) -> tuple[str, ...]:
    return tuple(f"{gap}." for gap in gaps(found))


def _cell(quantile: PercentileSummary) -> Cell:
    value, under = _words(quantile)
    return value if quantile.value is None else (value, under)


def metrics(summary: Summary) -> Section:
    """Return all metrics over all networks."""
    present = [metric for metric in METRICS if metric.name in summary.metrics]
    found = {metric.title: quantiles(summary.metrics, metric.name) for metric in present}
    rows = tuple(
        (
            metric.title,
            number(measured(summary.metrics, metric.name), 0),
            *map(_cell, found[metric.title].values()),
        )
        for metric in present
    )
    head = ("Metric", "n", "P50, ms", "P95, ms", "P99, ms")
    table = Table(
        title="All metrics",
        head=head,
        rows=rows,
        notes=_sentences(found),
        links=tuple(anchor(m.name) for m in present),
    )
    says = ("Over all networks. Percentiles of parts do not add up to percentiles of the whole.",)
    return Section(id="metrics", title="All metrics", says=says, parts=(table,))
