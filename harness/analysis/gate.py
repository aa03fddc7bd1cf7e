"""Objectives on a run, each judged pass, fail or inconclusive.

Judged from the intervals of the summary and never from a point estimate: an objective is met
when the whole interval is within the limit, missed when the whole interval is beyond it, and
otherwise nobody knows yet, which is said together with what would settle it. No data is never a
pass.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.analysis.intervals import wilson
from harness.analysis.metrics import BY_NAME
from harness.analysis.summary import PERCENTILES
from harness.errors import BadInput, RunInvalid
from harness.model import Summary, ValidityState
from harness.model.summary import (
    FailureSummary,
    MetricSummary,
    PercentileSummary,
    StratumSummary,
)

_MANY_TURNS = 10_000_000
_NEVER = "no number of turns: the estimate is at the limit"


class GateVerdict(StrEnum):
    """What an objective or a run comes to."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A limit on a percentile of a metric, or on the failure rate.

    Attributes:
        metric: Name of the metric, or `failure_rate`.
        percentile: 50, 90, 95 or 99; `None` for the failure rate.
        limit: Milliseconds, or a share of 1 for the failure rate. The limit itself is met.
        network: Judge the turns of this network only; empty for all.
    """

    metric: str
    percentile: int | None
    limit: float
    network: str = ""

    def __str__(self) -> str:
        """Return the objective as one would say it."""
        where = f" on {self.network}" if self.network else ""
        if self.percentile is None:
            return f"failure rate{where} at most {self.limit:.2%}"
        return f"{self.metric} P{self.percentile}{where} at most {self.limit:g} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveResult:
    """One objective, judged.

    Attributes:
        objective: What was asked for.
        verdict: What came of it.
        measured: The estimate with its interval, in words.
        settle: What would settle it, in words; empty unless it is inconclusive.
    """

    objective: Objective
    verdict: GateVerdict
    measured: str
    settle: str = ""


def parse_objectives(data: Mapping[str, Any], where: str) -> tuple[Objective, ...]:
    """Read objectives from a parsed TOML file.

    Each `[[objective]]` has either `metric`, `percentile` and `limit_ms`, or `failure_rate`; both
    may have `network`.

    Args:
        data: The parsed file.
        where: What an error calls the file.

    Raises:
        BadInput: There is no objective, or one has an unknown key or an impossible value.
    """
    unknown = sorted(set(data) - {"objective"})
    if unknown:
        raise BadInput(
            f"has an unknown key `{unknown[0]}`", where=where, hint="Only [[objective]] is known"
        )
    tables = data.get("objective", [])
    if not isinstance(tables, list) or not tables:
        raise BadInput(
            "has no objective",
            where=where,
            hint='Write [[objective]] with metric = "voice_to_voice", percentile = 95 and'
            " limit_ms = 1500, or with failure_rate = 0.01",
        )
    return tuple(
        _objective(table, f"{where}, objective {number}")
        for number, table in enumerate(tables, start=1)
    )


def _objective(table: object, where: str) -> Objective:
    if not isinstance(table, dict):
        raise BadInput("is not a table", where=where, hint="Write [[objective]] above its keys")
    keys = {"failure_rate"} if "failure_rate" in table else {"metric", "percentile", "limit_ms"}
    for key in sorted(set(table) - keys - {"network"}):
        raise BadInput(f"has an unknown key `{key}`", where=where, hint=_known(keys))
    for key in sorted(keys - set(table)):
        raise BadInput(f"has no `{key}`", where=where, hint=_known(keys))
    network = table.get("network", "")
    if not isinstance(network, str):
        raise BadInput("`network` is not text", where=where, hint="Give the profile's name")
    if "failure_rate" in table:
        limit = _number(table, "failure_rate", where)
        if limit > 1:
            raise BadInput(
                f"`failure_rate` is {limit:g}", where=where, hint="Give a share: 0.01 for 1 %"
            )
        return Objective(metric="failure_rate", percentile=None, limit=limit, network=network)
    if table["metric"] not in BY_NAME:
        raise BadInput(
            f"does not know the metric {table['metric']!r}",
            where=where,
            hint=f"Known are {', '.join(BY_NAME)}",
        )
    percentile = table["percentile"]
    if isinstance(percentile, bool) or percentile not in PERCENTILES:
        known = ", ".join(map(str, PERCENTILES))
        raise BadInput(
            f"`percentile` is {percentile!r}", where=where, hint=f"Summaries hold {known}"
        )
    limit = _number(table, "limit_ms", where)
    return Objective(
        metric=table["metric"], percentile=int(percentile), limit=limit, network=network
    )


def _known(keys: Iterable[str]) -> str:
    return f"Known beside `network` are {', '.join(sorted(keys))}"


def _number(table: Mapping[str, Any], key: str, where: str) -> float:
    value = table[key]
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or value < 0:
        raise BadInput(
            f"`{key}` is {value!r}", where=where, hint="Give a number that is not negative"
        )
    return float(value)


def judge_objectives(
    summary: Summary, objectives: Sequence[Objective]
) -> tuple[ObjectiveResult, ...]:
    """Judge objectives on a summary.

    Args:
        summary: Of the run.
        objectives: From `parse_objectives`.

    Raises:
        BadInput: An objective names a network that was no part of the run.
        RunInvalid: The run may not be judged.
    """
    if summary.validity.state is ValidityState.INVALID:
        raise RunInvalid(
            f"the run is INVALID: {'; '.join(summary.validity.reasons)}",
            where=summary.run_id,
            hint="No verdict can rest on it; remove the cause and run again",
        )
    return tuple(_judge_one(summary, objective) for objective in objectives)


def overall(findings: Iterable[ObjectiveResult]) -> GateVerdict:
    """Return the verdict of all: the worst, where not knowing is better than failing."""
    verdicts = {finding.verdict for finding in findings}
    if GateVerdict.FAIL in verdicts:
        return GateVerdict.FAIL
    if GateVerdict.INCONCLUSIVE in verdicts or not verdicts:
        return GateVerdict.INCONCLUSIVE
    return GateVerdict.PASS


def _judge_one(summary: Summary, objective: Objective) -> ObjectiveResult:
    part = _part(summary, objective.network)
    if objective.percentile is None:
        return _judge_rate(part.failure_rate, objective)
    metric = part.metrics.get(objective.metric)
    if metric is None or not metric.n:
        return ObjectiveResult(
            objective=objective,
            verdict=GateVerdict.INCONCLUSIVE,
            measured="no data",
            settle="a run in which it is measured",
        )
    return _judge_percentile(metric, metric.percentile(objective.percentile), objective)


def _part(summary: Summary, network: str) -> Summary | StratumSummary:
    if not network:
        return summary
    part = summary.of_network(network)
    if part is None:
        known = [stratum.by["network"] for stratum in summary.strata if "network" in stratum.by]
        raise BadInput(
            f"no network {network!r} in run {summary.run_id}",
            hint=f"It had {', '.join(map(repr, known)) or 'no turn on any'}",
        )
    return part


def _judge_percentile(
    metric: MetricSummary, found: PercentileSummary, objective: Objective
) -> ObjectiveResult:
    value, low, high = found.value, found.low, found.high
    verdict = _verdict(low, high, objective.limit)
    settle = (
        "" if verdict is not GateVerdict.INCONCLUSIVE else _settle(metric, found, objective.limit)
    )
    if value is not None:
        upper = "unknown" if high is None else f"{high:.0f}"
        lower = "unknown" if low is None else f"{low:.0f}"
        words = f"{value:.0f} ms [{lower}, {upper}]"
    else:
        words = "unknown" if low is None else f"at least {low:.0f} ms"
    words += f", n {metric.n}"
    if found.why:
        words += f", {found.why}"
    return ObjectiveResult(objective=objective, verdict=verdict, measured=words, settle=settle)


def _settle(metric: MetricSummary, found: PercentileSummary, limit: float) -> str:
    """Say what would settle a percentile objective that these turns leave open."""
    value, low, high = found.value, found.low, found.high
    if found.needs_turns is not None:
        return f"about {found.needs_turns} {metric.of}"
    if value is None:
        return "callers that wait longer than the limit of the objective"
    bound = high if value <= limit else low
    if bound is None:
        return f"more {metric.of}: the upper bound is still among those without a response"
    far = abs(bound - value)
    room = abs(limit - value)
    turns = math.inf if room <= 0 else metric.n * (far / room) ** 2
    if turns > _MANY_TURNS:
        return _NEVER
    return f"about {math.ceil(turns)} {metric.of}, if the percentile stays"


def _judge_rate(found: FailureSummary, objective: Objective) -> ObjectiveResult:
    value, low, high, n = found.value, found.low, found.high, found.n
    if value is None or low is None or high is None or found.n_eff is None:
        measured = "no data" if value is None else f"{value:.2%}, n {n}; {found.why}"
        return ObjectiveResult(
            objective=objective,
            verdict=GateVerdict.INCONCLUSIVE,
            measured=measured,
            settle="a run with more sessions",
        )
    verdict = _verdict(low, high, objective.limit)
    measured = f"{value:.2%} [{low:.2%}, {high:.2%}], {found.failed} of {n}"
    settle = ""
    if verdict is GateVerdict.INCONCLUSIVE:
        settle = _turns_to_settle_rate(value, objective.limit, n / found.n_eff)
    return ObjectiveResult(objective=objective, verdict=verdict, measured=measured, settle=settle)


def _verdict(low: float | None, high: float | None, limit: float) -> GateVerdict:
    if high is not None and high <= limit:
        return GateVerdict.PASS
    if low is not None and low > limit:
        return GateVerdict.FAIL
    return GateVerdict.INCONCLUSIVE


def _turns_to_settle_rate(rate: float, limit: float, design_effect: float) -> str:
    independent = 1
    while independent <= _MANY_TURNS:
        low, high = wilson(rate, independent)
        if (rate <= limit and high <= limit) or low > limit:
            return f"about {math.ceil(independent * design_effect)} turns, if the rate stays"
        independent = math.ceil(independent * 1.05)
    return _NEVER
