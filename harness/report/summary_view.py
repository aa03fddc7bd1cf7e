"""`summary.json` as the tables and the page read it; what is absent reads as absent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import sanitised

Summary = Mapping[str, Any]
PERCENTILES = ("p50", "p95", "p99")
HEADLINE = "voice_to_voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A percentile with its interval.

    Attributes:
        value: In the metric's unit; `None` when n does not support it.
        low: Lower end of the 95 % interval.
        high: Upper end.
        why: Why there is no value or no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


def quantile(metrics: Summary, metric: str, name: str) -> Quantile:
    """Return one percentile of one metric of a `metrics` object."""
    found = (metrics.get(metric) or {}).get(name)
    if not found:
        return Quantile(value=None, why="not in the summary")
    return Quantile(
        value=found.get("value"),
        low=found.get("low"),
        high=found.get("high"),
        why=str(found.get("why", "")),
    )


def quantiles(metrics: Summary, metric: str = HEADLINE) -> dict[str, Quantile]:
    """Return P50, P95 and P99 of one metric, under these names."""
    return {name.upper(): quantile(metrics, metric, name) for name in PERCENTILES}


def by_network(summary: Summary) -> dict[str, Summary]:
    """Return the strata that are networks and nothing else, by name."""
    return _strata(summary, "network")


def by_kind(summary: Summary) -> dict[str, Summary]:
    """Return the strata that are kinds of turn and nothing else, by name."""
    return _strata(summary, "kind")


def paired(summary: Summary) -> dict[str, dict[str, Summary]]:
    """Return the comparisons of the same utterances: condition to metric to comparison."""
    found: dict[str, dict[str, Summary]] = {}
    for one in summary.get("paired") or ():
        found.setdefault(str(one["condition"]), {})[str(one["metric"])] = one
    return found


def _strata(summary: Summary, by: str) -> dict[str, Summary]:
    return {str(s["by"][by]): s for s in summary["strata"] if set(s["by"]) == {by}}


def turns(part: Summary) -> int:
    """Return the turns of a summary or of one of its strata."""
    return int((part.get("load") or part)["turns"])


def failed(part: Summary) -> int:
    """Return how many of them the API failed."""
    return int(part["failure_rate"]["failed"])


def measured(metrics: Summary, metric: str = HEADLINE) -> int:
    """Return how many turns or sessions a metric comes from."""
    return int((metrics.get(metric) or {}).get("n", 0))


def gaps(rows: Mapping[str, Mapping[str, Quantile]]) -> list[str]:
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
