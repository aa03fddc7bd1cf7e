"""`summary.json` as the tables and the page read it; what is absent reads as absent."""

from collections.abc import Mapping

from harness.errors import sanitised
from harness.model import Summary
from harness.model.summary import (
    MetricSummary,
    PairedSummary,
    PercentileSummary,
    StratumSummary,
)

Metrics = Mapping[str, MetricSummary]
Part = Summary | StratumSummary
PERCENTILES = ("p50", "p95", "p99")
HEADLINE = "voice_to_voice"
"""The headline of calls in audio."""
IN_TEXT = "time_to_first_token"
"""The headline of calls in text, of which nothing can be heard."""
HEADLINES = {
    HEADLINE: "end of the caller's speech to the first audible sample of the response",
    IN_TEXT: "due instant of the prompt to the first text of the response received",
}
"""From what to what, in a few words."""


def headline(metrics: Metrics) -> str:
    """Return the name of the latency that says how long callers waited."""
    return IN_TEXT if IN_TEXT in metrics else HEADLINE


def headline_title(metrics: Metrics) -> str:
    """Return what people call it."""
    found = metrics.get(headline(metrics))
    return "Voice to voice" if found is None else found.title


def quantile(metrics: Metrics, metric: str, name: str) -> PercentileSummary:
    """Return one percentile of one metric, by its name."""
    found = metrics.get(metric)
    if found is None:
        return PercentileSummary(value=None, low=None, high=None, why="not in the summary")
    return found.percentile(int(name[1:]))


def quantiles(metrics: Metrics, metric: str = "") -> dict[str, PercentileSummary]:
    """Return P50, P95 and P99 of one metric, the headline by default, under these names."""
    name = metric or headline(metrics)
    return {percent.upper(): quantile(metrics, name, percent) for percent in PERCENTILES}


def by_network(summary: Summary) -> dict[str, StratumSummary]:
    """Return the strata that are networks and nothing else, by name."""
    return _strata(summary, "network")


def by_kind(summary: Summary) -> dict[str, StratumSummary]:
    """Return the strata that are kinds of turn and nothing else, by name."""
    return _strata(summary, "kind")


def by_class(summary: Summary) -> dict[str, StratumSummary]:
    """Return the strata that are user classes and nothing else, by name."""
    return _strata(summary, "user_class")


def several_targets(summary: Summary) -> bool:
    """Return whether user classes called different targets."""
    return len({(one.target, one.dialect) for one in by_class(summary).values()}) > 1


def by_position(summary: Summary) -> dict[str, StratumSummary]:
    """Return the strata that are positions of turns in their calls, by name."""
    return _strata(summary, "position")


def paired(summary: Summary) -> dict[str, dict[str, PairedSummary]]:
    """Return the comparisons of the same utterances: condition to metric to comparison."""
    found: dict[str, dict[str, PairedSummary]] = {}
    for one in summary.paired:
        found.setdefault(one.condition, {})[one.metric] = one
    return found


def _strata(summary: Summary, by: str) -> dict[str, StratumSummary]:
    return {part.by[by]: part for part in summary.strata if set(part.by) == {by}}


def turns(part: Part) -> int:
    """Return the turns of a summary or of one of its strata."""
    return part.load.turns if isinstance(part, Summary) else part.turns


def failed(part: Part) -> int:
    """Return how many of them the API failed."""
    return part.failure_rate.failed


def measured(metrics: Metrics, metric: str = "") -> int:
    """Return how many turns or sessions a metric comes from, the headline by default."""
    found = metrics.get(metric or headline(metrics))
    return 0 if found is None else found.n


def gaps(rows: Mapping[str, Mapping[str, PercentileSummary]]) -> list[str]:
    """Return why percentiles are missing or open: each reason once, after what it is about."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for row, found in rows.items():
        for name, quantile in found.items():
            if quantile.why:
                places = reasons.setdefault(sanitised(quantile.why), {})
                places.setdefault(sanitised(row), []).append(name)
    return [
        "; ".join(f"{row} {', '.join(names)}" for row, names in places.items()) + f": {why}"
        for why, places in reasons.items()
    ]
