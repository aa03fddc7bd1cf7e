"""A capacity search as text and as a JSON document."""

from collections.abc import Iterator, Sequence
from typing import Any

from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.findings import CapacityFindings
from harness.analysis.capacity.spike import Broken, Spike
from harness.analysis.capacity.step import StepResult
from harness.analysis.quantiles import Estimate
from harness.errors import sanitised

SCHEMA = "harness.capacity/1"
_MISSING = "\N{EN DASH}"


def capacity_text(found: CapacityFindings) -> Iterator[str]:
    """Yield the result, the steps by load, and what else was found, as lines."""
    yield f"{'capacity':<16}{found.sentence}"
    if found.limit is not None and found.limit.binding:
        yield f"{'missed first':<16}{sanitised(found.limit.binding)}"
    if found.boundary is not None:
        yield f"{'boundary':<16}{found.boundary.kind}: {sanitised(found.boundary.why)}"
    yield from steps_table(found)
    if found.spike is not None:
        yield from spike_lines(found.spike)
    for one in found.soak:
        yield drift_line(one)
    for name, why in found.not_made:
        yield f"{name:<16}not made: {sanitised(why)}"
    for note in found.notes:
        yield f"note: {sanitised(note)}"


def steps_table(found: CapacityFindings) -> Iterator[str]:
    """Yield the steps as a table, by load."""
    head = f"{'calls':>6}{'turns':>7}{'P50 ms':>9}{'P95 ms':>9}{'failed':>8}{'missed':>8}"
    yield f"{head}{'allowed':>9}  verdict"
    for step in sorted(found.steps, key=lambda one: one.load):
        if step.unfit:
            yield f"{step.load:>6}  unfit: {sanitised(step.unfit)}"
            continue
        worst = step.tightest
        yield (
            f"{step.load:>6}{step.turns:>7}{_ms(step.p50):>9}{_ms(step.p95):>9}"
            f"{_share(step.failed):>8}{worst.share:>8.1%}{worst.allowed:>9.1%}"
            f"  {step_verdict(step)}"
        )


def step_verdict(step: StepResult) -> str:
    """Return what a fit step comes to, in words, and whether its turns were not steady."""
    words = "meets all" if step.margin >= 0 else f"misses {step.tightest.subject}"
    if step.steadiness.steady is False:
        words += f"; not steady: {step.steadiness.why}"
    return sanitised(words)


def spike_lines(spike: Spike) -> Iterator[str]:
    """Yield what a spike did."""
    label = f"{'spike':<16}"
    if spike.why:
        yield f"{label}unknown: {sanitised(spike.why)}"
        return
    yield f"{label}{spike.load} calls, then {spike.peak} for {spike.seconds:.0f} s"
    for one in spike.broken:
        shares = f"missed {_share(one.before)} before, {_share(one.during)} during"
        words = broke(one)
        if one.broke_within_s is not None:
            seen = one.back_within_s
            back = "not seen to be back" if seen is None else f"back within {seen:.0f} s of its end"
            words = f"broke within {words}, {back}"
        yield f"{'':<16}{sanitised(one.subject)}: {words} ({shares})"


def broke(one: Broken) -> str:
    """Return within what time of its beginning a spike broke an objective, or that it held."""
    if one.broke_within_s is not None:
        return f"{one.broke_within_s:.0f} s"
    return "held" if one.judged else "not known, too few turns"


def drift_line(one: Drift) -> str:
    """Return how a quantity drifts."""
    label = f"{'soak':<16}{one.what}"
    if one.per_hour is None or one.low is None or one.high is None:
        return f"{label}: unknown: {one.why}"
    shown = "changes" if one.is_shown else "no change beyond chance"
    return (
        f"{label}: {one.per_hour:+.4g} {one.unit} an hour [{one.low:+.4g}, {one.high:+.4g}]"
        f" over {one.hours:.2f} h, n {one.n}: {shown}"
    )


def capacity_document(
    found: CapacityFindings,
    facts: Sequence[tuple[str, str]],
    currency: str,
    wanted: int | None,
) -> dict[str, Any]:
    """Return the findings as plain values.

    Args:
        found: The findings.
        facts: What was searched, by name.
        currency: Of the costs.
        wanted: How many calls the target has to hold; `None` where only the limit matters.
    """
    limit, boundary = found.limit, found.boundary
    return {
        "schema": SCHEMA,
        "search": {name.lower(): text for name, text in facts},
        "currency": currency,
        "verdict": str(found.verdict(wanted)),
        "wanted": wanted,
        "sentence": found.sentence,
        "ending": None if found.ending is None else str(found.ending),
        "limit": None
        if limit is None
        else {
            "calls": limit.calls,
            "low": limit.low,
            "high": limit.high,
            "missed_first": limit.binding,
            "most_held": limit.most,
        },
        "boundary": None if boundary is None else {"kind": str(boundary.kind), "why": boundary.why},
        "steps": [_step(step) for step in found.steps],
        "curves": [
            {
                "objective": one.subject,
                "calls": one.loads,
                "allowed": one.allowed,
                "missed": one.missed,
                "fitted": one.fitted,
            }
            for one in found.curves
        ],
        "spike": None if found.spike is None else _spike(found.spike),
        "soak": [_drift(one) for one in found.soak],
        "not_made": dict(found.not_made),
        "notes": list(found.notes),
    }


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "calls": step.load,
        "run": step.run,
        "seconds": step.seconds,
        "unfit": step.unfit or None,
        "turns": step.turns,
        "warm_up_s": step.warm_up_s,
        "steady": step.steadiness.steady,
        "steady_why": step.steadiness.why or None,
        "failed": step.failed,
        "turns_per_s": step.turns_per_s,
        "metric": step.metric or None,
        "p50": _estimate(step.p50),
        "p95": _estimate(step.p95),
        "cost": step.cost,
        "objectives": [
            {
                "objective": share.subject,
                "allowed": share.allowed,
                "missed": share.share,
                "n": len(share.missed),
                "margin": share.margin,
                "sd": share.sd,
                "latency_ms": share.value_ms,
            }
            for share in step.shares
        ],
        "caveats": list(step.caveats),
    }


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "value": found.value_ms,
        "low": found.low_ms,
        "high": found.high_ms,
        "n": found.n,
        "why": found.why or None,
    }


def _spike(spike: Spike) -> dict[str, Any]:
    return {
        "calls": spike.load,
        "peak": spike.peak,
        "seconds": spike.seconds,
        "watched_s": spike.watched_s,
        "back_within_s": spike.back_within_s,
        "why": spike.why or None,
        "objectives": [
            {
                "objective": one.subject,
                "before": one.before,
                "during": one.during,
                "judged": one.judged,
                "broke_within_s": one.broke_within_s,
                "back_within_s": one.back_within_s,
            }
            for one in spike.broken
        ],
    }


def _drift(one: Drift) -> dict[str, Any]:
    return {
        "what": one.what,
        "unit": one.unit,
        "start": one.start,
        "per_hour": one.per_hour,
        "low": one.low,
        "high": one.high,
        "n": one.n,
        "sessions": one.sessions,
        "hours": one.hours,
        "why": one.why or None,
    }


def _share(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.1%}"


def _ms(found: Estimate | None) -> str:
    if found is None or found.value_ms is None:
        return _MISSING
    return f"{found.value_ms:.0f}"
