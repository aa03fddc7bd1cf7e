"""What a vendor tells of a call that has ended: its own word, and no measurement of ours."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAccount:
    """One call in the vendor's books, asked for over REST once no call was open any more.

    Attributes:
        session_id: Our name for the session that the call was.
        status: How the vendor says it stands, in its own word; empty where it was not told.
        cost: What the vendor charges for it, in `currency`; `None` where that was not told.
        currency: Three letters.
        parts: What of the cost is for which part, such as `llm`; only what was told.
        turns_ms: Latencies of each turn by stage, such as `model`, as the vendor took them.
        why: Why something is missing; empty when nothing is.
    """

    session_id: str
    status: str = ""
    cost: float | None = None
    currency: str = "USD"
    parts: dict[str, float] = field(default_factory=dict)
    turns_ms: tuple[dict[str, float], ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no amount and no latency."""
        told = [*self.parts.values(), *(ms for turn in self.turns_ms for ms in turn.values())]
        if self.cost is not None:
            told.append(self.cost)
        if not all(math.isfinite(value) and value >= 0 for value in told):
            raise ValueError("amounts and latencies are finite and not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorLatency:
    """A stage of the vendor's turns, by its own clock.

    Attributes:
        stage: Such as `model`.
        n: Turns that it told it of.
        p50_ms: Median; `None` without a turn.
        p95_ms: 95th percentile; `None` with fewer than 20 turns.
    """

    stage: str
    n: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSummary:
    """What the vendor told of the calls of a run.

    Attributes:
        calls: Calls that it was asked about.
        priced: Those whose cost it told.
        currency: Three letters.
        total: Of these calls; `None` without one.
        per_call: On average.
        parts: Of the total, what is for which part.
        statuses: Calls by how the vendor says they stand.
        latencies: By stage; none where it told of no turn.
        missing: Calls of which something is missing, by the reason.
    """

    calls: int
    priced: int
    currency: str
    total: float | None
    per_call: float | None
    parts: dict[str, float]
    statuses: dict[str, int]
    latencies: tuple[VendorLatency, ...]
    missing: dict[str, int]
