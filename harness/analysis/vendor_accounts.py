"""What the vendor told of the calls of a run, added up; none of it is a measurement of ours."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from harness.analysis.rounding import RATE_DIGITS, rounded
from harness.model import Run
from harness.model.vendor_account import VendorAccount, VendorLatency, VendorSummary

# Below this the 95th percentile is the largest value.
_LEAST_OF_P95 = 20


def vendor_summary(run: Run) -> VendorSummary | None:
    """Summarise the accounts of a run's calls; `None` where the vendor was asked about none."""
    accounts = run.accounts
    if not accounts:
        return None
    priced = [one for one in accounts if one.cost is not None]
    costs = [one.cost for one in priced if one.cost is not None]
    total = sum(costs) if costs else None
    return VendorSummary(
        calls=len(accounts),
        priced=len(priced),
        currency=accounts[0].currency,
        total=rounded(total, RATE_DIGITS),
        per_call=None if total is None else rounded(total / len(priced), RATE_DIGITS),
        parts={
            name: round(sum(one.parts.get(name, 0.0) for one in priced), RATE_DIGITS)
            for name in _names(one.parts for one in priced)
        },
        statuses=dict(sorted(Counter(one.status for one in accounts if one.status).items())),
        latencies=_latencies(accounts),
        missing=dict(Counter(one.why for one in accounts if one.why).most_common()),
    )


def _latencies(accounts: Sequence[VendorAccount]) -> tuple[VendorLatency, ...]:
    turns = [turn for one in accounts for turn in one.turns_ms]
    found = []
    for stage in _names(turns):
        values = sorted(turn[stage] for turn in turns if stage in turn)
        p95_ms = _rank(values, 95) if len(values) >= _LEAST_OF_P95 else None
        found.append(
            VendorLatency(stage=stage, n=len(values), p50_ms=_rank(values, 50), p95_ms=p95_ms)
        )
    return tuple(found)


def _names(dictionaries: Iterable[Mapping[str, float]]) -> list[str]:
    """Return all names, in the order in which they first come."""
    return list(dict.fromkeys(name for one in dictionaries for name in one))


def _rank(ascending: Sequence[float], percent: int) -> float | None:
    """Return the nearest rank, as everywhere."""
    return rounded(ascending[-(-len(ascending) * percent // 100) - 1])
