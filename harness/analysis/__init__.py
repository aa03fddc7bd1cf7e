"""Numbers from records, and what follows from them.

Of one run: metrics, quantiles, validity, objectives, cost. Of several: comparison, history, the
limit of a capacity search. Before one: how many turns a question takes, what it will cost, and how
large a fleet must be. Pure: no clock, no files, no global randomness. What cannot be computed is
`None` with a reason, never a number.
"""

from harness.analysis.accuracy import Accuracy, accuracy
from harness.analysis.breakdown import (
    STAGES,
    LatencyBins,
    Point,
    StageMeans,
    Unheard,
    last_s,
    latency_bins,
    points,
    slowness,
    spectrum,
    typical_and_slow,
    unheard,
)
from harness.analysis.calls import turns_of
from harness.analysis.comparison.comparing import Comparison
from harness.analysis.comparison.effect import RunSpread
from harness.analysis.comparison.shift import Shift
from harness.analysis.completeness import completeness
from harness.analysis.cost import Cost, cost
from harness.analysis.error_bound import held_to_limit
from harness.analysis.failures import FailureRate, failure_rate, has_failed, is_ours
from harness.analysis.fault_counts import by_party_and_phase
from harness.analysis.gating import GateReport, gate_against, gate_runs
from harness.analysis.load_curve import LoadCurve, load_curve
from harness.analysis.metrics import (
    BY_NAME,
    METRICS,
    Latency,
    Metric,
    headline_of,
    heard_ms,
    sample,
    session_latency,
    turn_latency,
)
from harness.analysis.objectives.evaluation import ObjectiveResult, evaluate_objectives, resting_on
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale
from harness.analysis.objectives.parsing import Objectives, parse_objectives
from harness.analysis.objectives.summary_evidence import SummaryEvidence
from harness.analysis.objectives.verdict import GateVerdict, overall
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import Estimate, Sample, estimate
from harness.analysis.summary import PERCENTILES, summarise
from harness.analysis.timeline import TurnTimeline, timeline
from harness.analysis.validity import Validity, assess_validity

__all__ = [
    "BY_NAME",
    "METRICS",
    "PERCENTILES",
    "STAGES",
    "Accuracy",
    "Comparison",
    "Cost",
    "Estimate",
    "FailureRate",
    "GateReport",
    "GateVerdict",
    "Latency",
    "LatencyBins",
    "LoadCurve",
    "Metric",
    "Objective",
    "ObjectiveResult",
    "Objectives",
    "Point",
    "PriceList",
    "RunEvidence",
    "RunSpread",
    "Sample",
    "Scale",
    "Shift",
    "StageMeans",
    "SummaryEvidence",
    "TurnTimeline",
    "Unheard",
    "Validity",
    "accuracy",
    "assess_validity",
    "by_party_and_phase",
    "completeness",
    "cost",
    "estimate",
    "evaluate_objectives",
    "failure_rate",
    "gate_against",
    "gate_runs",
    "has_failed",
    "headline_of",
    "heard_ms",
    "held_to_limit",
    "is_ours",
    "last_s",
    "latency_bins",
    "load_curve",
    "overall",
    "parse_objectives",
    "points",
    "resting_on",
    "sample",
    "session_latency",
    "slowness",
    "spectrum",
    "summarise",
    "timeline",
    "turn_latency",
    "turns_of",
    "typical_and_slow",
    "unheard",
]
