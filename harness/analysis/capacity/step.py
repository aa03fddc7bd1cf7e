"""One step of a capacity search: a run of so many held callers, as far as the search needs it.

Every objective becomes a share of turns that miss it, against the share that may: a percentile
"P95 at most X" allows 5 % of the turns to take longer than X. A turn that failed has missed its
latency as well; to leave it out would make an overloaded service look fast.

Shares are compared on the scale of arcsine of the square root, on which their spread is the same
wherever they lie (Bartlett 1936), and which has a value for a share of 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.bootstrap import SEED
from harness.analysis.capacity.steady_state import NOT_LOOKED_AT, Steadiness
from harness.analysis.intervals import resampling_widening, student_widening
from harness.analysis.quantiles import Estimate

RESAMPLES = 1_000

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ObjectiveShare:
    """How one objective was missed in one step.

    Attributes:
        subject: What it is about, in words.
        allowed: Share of turns that may miss it.
        missed: Shape (n,): which turns did.
        sessions: Shape (n,): a number for the session of each.
        blocks: Shape (n,): a number for the span of time of each, for queues that last.
        value_ms: Where the objective limits a latency, what the turns had at its percentile.
    """

    subject: str
    allowed: float
    missed: Flags
    sessions: Ints
    blocks: Ints
    value_ms: float | None = None

    def __post_init__(self) -> None:
        """Hold the arrays to each other."""
        if not len(self.missed) == len(self.sessions) == len(self.blocks):
            raise ValueError("one session and one block for each turn")
        if not len(self.missed):
            raise ValueError("an objective without a turn is not measured")

    @property
    def share(self) -> float:
        """Share of turns that missed it."""
        return float(self.missed.mean())

    @property
    def margin(self) -> float:
        """Distance to what is allowed, on the arcsine scale; negative where it is missed."""
        return _scaled(self.allowed) - _scaled(self.share)

    @property
    def sd(self) -> float:
        """Standard deviation of the margin, by sessions or by spans of time, the larger one.

        Where nothing or everything was missed it is that of half a turn, not 0.
        """
        n = len(self.missed)
        share = min(max(self.share, 0.5 / n), 1 - 0.5 / n)
        slope = 2 * math.sqrt(share * (1 - share))
        found = max(self._share_sd(self.sessions), self._share_sd(self.blocks))
        return max(found / slope, 0.5 / n if found else 1 / (2 * math.sqrt(n)))

    def draws(self, resamples: int = RESAMPLES) -> Floats:
        """Return the share missed for sessions drawn again and again, shape (resamples,).

        The same sessions are drawn for every objective of a step. Where spans of time differ more
        than sessions do, as in a queue that builds up, the deviations are as much larger.
        """
        _, members = np.unique(self.sessions, return_inverse=True)
        sums, sizes = np.bincount(members, weights=self.missed), np.bincount(members)
        count = len(sizes)
        rng = np.random.default_rng([SEED, 4, count])
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
        shares = (drawn @ sums) / (drawn @ sizes)
        return np.asarray(self.share + (shares - self.share) * self._widening())

    def _widening(self) -> float:
        """Return by how much deviations grow, since clusters are few or time matters more."""
        clusters, spans = (len(np.unique(one)) for one in (self.sessions, self.blocks))
        if clusters < 2:
            return 1.0
        wider = resampling_widening(clusters)
        by_session, by_span = self._share_sd(self.sessions), self._share_sd(self.blocks)
        if spans > 1 and by_session > 0:
            wider = max(wider, student_widening(spans - 1) * by_span / by_session)
        return wider

    def _share_sd(self, clusters: Ints) -> float:
        """Return the standard deviation of the share when whole clusters are what was drawn."""
        _, members = np.unique(clusters, return_inverse=True)
        count = int(members.max()) + 1
        if count < 2:
            return 0.0
        sums = np.bincount(members, weights=self.missed - self.share)
        return math.sqrt(count / (count - 1) * float(np.square(sums).sum())) / len(self.missed)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StepResult:
    """What came of one step.

    Attributes:
        load: Callers held.
        run: Name of its run.
        seconds: How long it took.
        shares: One for each objective; empty where the step is unfit.
        unfit: Why it says nothing of the target, through the generator or the way it was asked;
            else empty.
        untold: Whether that is since nothing told of an objective, and not the generator's fault.
        cost: What it cost, `None` where that is not known.
        warm_up_s: How much was cut off at its beginning.
        steadiness: Whether what is left is steady.
        caveats: Why the run is DEGRADED.
        turns: Turns that count.
        turns_per_s: Of them, how many ended as they should, a second.
        failed: Share of them that failed; `None` where that is not known.
        metric: The latency that `p50` and `p95` are of.
        p50: Its median, `None` where the step is unfit.
        p95: Its 95th percentile.
    """

    load: int
    run: str
    seconds: float
    shares: tuple[ObjectiveShare, ...] = ()
    unfit: str = ""
    untold: bool = False
    cost: float | None = None
    warm_up_s: float = 0.0
    steadiness: Steadiness = NOT_LOOKED_AT
    caveats: tuple[str, ...] = ()
    turns: int = 0
    turns_per_s: float | None = None
    failed: float | None = None
    metric: str = ""
    p50: Estimate | None = None
    p95: Estimate | None = None

    @property
    def tightest(self) -> ObjectiveShare:
        """The objective with the smallest margin, of a step that is fit."""
        return min(self.shares, key=lambda share: share.margin)

    @property
    def margin(self) -> float:
        """The smallest margin of all objectives; they are met where it is not negative."""
        return self.tightest.margin


def _scaled(share: float) -> float:
    return math.asin(math.sqrt(share))
