"""From a run to its line of the history."""

import hashlib
import math

import numpy as np

from harness.analysis.comparison.likeness import facts
from harness.analysis.intervals import normal_quantile
from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import measure_percentile
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.quantities import CostPerMinute, FailureRate, Percentile
from harness.model import Run
from harness.model.history import HistoryRun, PercentilePoint

METRICS = (
    *("voice_to_voice", "time_to_first_audio", "time_to_first_token", "time_to_last_token"),
    "session_setup",
)
PERCENTS = (50, 95, 99)

_CONFIDENCE = 0.95


def history_run(evidence: RunEvidence, note: str = "") -> HistoryRun:
    """Return a run as its history keeps it; percentiles that it does not support are left out.

    Args:
        evidence: Of the run, which may be judged.
        note: What the person who adds it has to say.
    """
    manifest = evidence.run.manifest
    rate = evidence.measure(Objective(quantity=FailureRate()), _CONFIDENCE).value
    cost = evidence.measure(Objective(quantity=CostPerMinute()), _CONFIDENCE).value
    points = {
        str(quantity): point
        for quantity in (Percentile(name, percent) for name in METRICS for percent in PERCENTS)
        if (point := _point(evidence, quantity)) is not None
    }
    return HistoryRun(
        run_id=manifest.run_id,
        started_at=manifest.started_at,
        fingerprint=fingerprint(evidence.run),
        facts={fact.key: fact.value for fact in facts(evidence.run)},
        target=manifest.target,
        commit=manifest.commit,
        validity="DEGRADED" if evidence.caveats else "VALID",
        turns=len(evidence.run.turns),
        percentiles=points,
        failure_rate=None if rate is None else round(rate, 6),
        cost_per_minute=None if cost is None else round(cost, 6),
        note=note,
    )


def fingerprint(run: Run) -> str:
    """Return the digest of all that runs must have in common to be compared."""
    same = "\n".join(f"{fact.key}={fact.same}" for fact in facts(run))
    return hashlib.sha256(same.encode()).hexdigest()[:16]


def _point(evidence: RunEvidence, quantity: Percentile) -> PercentilePoint | None:
    p = quantity.percent / 100
    sample = evidence.sample(BY_NAME[quantity.metric], ())
    found = measure_percentile(sample, p, _CONFIDENCE)
    if found.value is None:
        # Above the time limit it is known to be far up; unsupported, nothing is known of it.
        return PercentilePoint(value_ms=None) if found.low is not None else None
    se = None
    if found.low is not None and found.high is not None and found.low > 0:
        se = math.log(found.high / found.low) / (2 * normal_quantile(_CONFIDENCE))
        se = None if not np.isfinite(se) else round(se, 6)
    return PercentilePoint(value_ms=round(found.value, 3), se=se)
