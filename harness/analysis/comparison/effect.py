"""How much worse the candidate's runs are: an estimate, its standard error, its degrees of freedom.

Everything is on the scale of the comparison, logarithms for ratios, with a positive sign for worse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.analysis.intervals import normal_quantile, t_quantile


class Design(StrEnum):
    """How runs were laid out against each other."""

    PAIRED = "paired"
    UNPAIRED = "unpaired"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class RunSpread:
    """How far runs of an unchanged target differ from each other.

    Attributes:
        sd: Standard deviation between runs, turns' own chance taken out, as a logarithm.
        runs: Runs that it is known from; 0 where it was given.
        source: Where it is from, in words.
    """

    sd: float
    runs: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A difference between candidate and baseline.

    Attributes:
        estimate: How much worse the candidate is.
        se: Standard error; `None` when it cannot be known.
        degrees: Degrees of freedom of it; `inf` for a normal interval.
        design: How the runs were laid out.
        runs: Runs of the candidate, or pairs.
        baseline_runs: Runs of the baseline, or pairs.
        sd: Standard deviation of a pair's difference, or of a run; `None` when not known.
        why: Why the standard error is not known.
    """

    estimate: float
    se: float | None
    degrees: float
    design: Design
    runs: int
    baseline_runs: int
    sd: float | None
    why: str = ""

    def bounds(self, confidence: float) -> tuple[float, float] | None:
        """Return the one-sided lower and upper bounds, each at this confidence."""
        if self.se is None:
            return None
        reach = quantile(confidence, self.degrees) * self.se
        return self.estimate - reach, self.estimate + reach

    def chance_below(self, size: float) -> float | None:
        """Return the p-value of the hypothesis that the true difference is at most `size`."""
        if self.se is None:
            return None
        if self.se == 0:
            return 0.0 if self.estimate > size else 1.0
        return 1 - cdf((self.estimate - size) / self.se, self.degrees)


def paired(candidate: Sequence[float], baseline: Sequence[float], least_se: float = 0.0) -> Effect:
    """Compare runs pair by pair.

    Args:
        candidate: One value a pair, at least 2 of them.
        baseline: The same for the baseline, in the same order.
        least_se: What chance within the runs alone makes the standard error, of shares.
    """
    differences = np.asarray(candidate) - np.asarray(baseline)
    count, sd = len(differences), float(differences.std(ddof=1))
    return Effect(
        estimate=float(differences.mean()),
        se=max(sd / math.sqrt(count), least_se),
        degrees=count - 1,
        design=Design.PAIRED,
        runs=count,
        baseline_runs=count,
        sd=sd,
    )


def unpaired(
    candidate: Sequence[float], baseline: Sequence[float], least_se: float = 0.0
) -> Effect:
    """Compare two groups of runs, of which at least one has several (Welch 1947).

    Where one has a single run, its spread is taken to be that of the others.

    Args:
        candidate: One value a run.
        baseline: The same for the baseline.
        least_se: As for `paired`.
    """
    one, other = np.asarray(candidate), np.asarray(baseline)
    sizes = len(one), len(other)
    several = [group for group in (one, other) if len(group) > 1]
    if len(several) == 2:
        parts = [float(group.var(ddof=1)) / len(group) for group in several]
        variance = sum(parts)
        shares = sum(p**2 / (len(g) - 1) for p, g in zip(parts, several, strict=True))
        degrees = variance**2 / shares if shares > 0 else float(sum(sizes) - 2)
        pooled = sum(float(g.var(ddof=1)) * (len(g) - 1) for g in several) / (sum(sizes) - 2)
    else:
        pooled = float(several[0].var(ddof=1))
        variance = pooled * sum(1 / size for size in sizes)
        degrees = len(several[0]) - 1
    return Effect(
        estimate=float(one.mean() - other.mean()),
        se=max(math.sqrt(variance), least_se),
        degrees=degrees,
        design=Design.UNPAIRED,
        runs=sizes[0],
        baseline_runs=sizes[1],
        sd=math.sqrt(pooled),
    )


def single(
    candidate: tuple[float, float | None],
    baseline: tuple[float, float | None],
    between: RunSpread | None,
    sessions: int,
) -> Effect:
    """Compare one run with one run: chance within each, and how runs differ, from elsewhere.

    Args:
        candidate: Its value, and the standard error of it from the session bootstrap.
        baseline: The same for the baseline.
        between: How runs differ; without it no standard error is known.
        sessions: Sessions of the run that has fewer.
    """
    why = ""
    if candidate[1] is None or baseline[1] is None:
        why = "the percentile lies too near to turns that are right-censored"
    elif between is None:
        why = "how much runs differ from each other here is not known"
    se, degrees, sd = None, math.inf, None
    if candidate[1] is not None and baseline[1] is not None and between is not None:
        within, runs = candidate[1] ** 2 + baseline[1] ** 2, 2 * between.sd**2
        se, sd = math.sqrt(within + runs), math.sqrt((within + runs) / 2)
        known = [(within, sessions - 1), *([(runs, between.runs - 1)] if between.runs > 1 else [])]
        parts = sum(variance**2 / freedom for variance, freedom in known if freedom > 0)
        degrees = (within + runs) ** 2 / parts if parts > 0 else math.inf
    return Effect(
        estimate=candidate[0] - baseline[0],
        se=se,
        degrees=degrees,
        design=Design.SINGLE,
        runs=1,
        baseline_runs=1,
        sd=sd,
        why=why,
    )


def quantile(probability: float, degrees: float) -> float:
    """Return Student's quantile, the normal one for infinite degrees of freedom."""
    if math.isinf(degrees):
        return normal_quantile(probability)
    return t_quantile(probability, max(1.0, degrees))


def cdf(value: float, degrees: float) -> float:
    """Return Student's distribution function, as `quantile`."""
    from scipy.special import ndtr, stdtr

    if math.isinf(degrees):
        return float(ndtr(value))
    return float(stdtr(max(1.0, degrees), value))
