"""Numbers from records, and nothing else: metrics, quantiles, validity, objectives, cost.

Pure: no clock, no files, no global randomness. What cannot be computed is `None` with a reason,
never a number.
"""

from harness.analysis.accuracy import Accuracy, accuracy
from harness.analysis.cost import Cost, PriceList, cost
from harness.analysis.failures import FailureRate, failure_rate, has_failed
from harness.analysis.gate import (
    GateVerdict,
    Objective,
    ObjectiveResult,
    judge_objectives,
    overall,
    parse_objectives,
)
from harness.analysis.metrics import (
    BY_NAME,
    METRICS,
    Latency,
    Metric,
    sample,
    session_latency,
    turn_latency,
)
from harness.analysis.quantiles import Estimate, Sample, estimate
from harness.analysis.summary import PERCENTILES, summarise
from harness.analysis.validity import Validity, judge_validity

__all__ = [
    "BY_NAME",
    "METRICS",
    "PERCENTILES",
    "Accuracy",
    "Cost",
    "Estimate",
    "FailureRate",
    "GateVerdict",
    "Latency",
    "Metric",
    "Objective",
    "ObjectiveResult",
    "PriceList",
    "Sample",
    "Validity",
    "accuracy",
    "cost",
    "estimate",
    "failure_rate",
    "has_failed",
    "judge_objectives",
    "judge_validity",
    "overall",
    "parse_objectives",
    "sample",
    "session_latency",
    "summarise",
    "turn_latency",
]
