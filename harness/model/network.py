"""A network profile as asked for, and as found by measuring."""

import itertools
import math
from dataclasses import dataclass, field
from enum import StrEnum

# The network of a call that goes to the target directly, without a proxy.
DIRECT = "none"
_DELAY_LIMIT_MS = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One direction of a profile.

    Attributes:
        delay_ms: One-way delay added.
        jitter_ms: Uniform variation of that delay, plus and minus.
        rate_kbit_s: Bandwidth, `None` for unlimited.
        loss: Share of packets lost, from 0 to 1. Over TCP, loss appears as stalls.
        burst_ms: Mean length of the periods in which everything is lost; `None` when packets are
            lost independently of each other.
        stall_every_ms: Time from the beginning of one stall to that of the next, during which
            packets wait; `None` for no stalls.
        stall_ms: Shortest and longest stall.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    rate_kbit_s: float | None = None
    loss: float = 0.0
    burst_ms: float | None = None
    stall_every_ms: float | None = None
    stall_ms: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse values that no network has."""
        if not 0 <= self.delay_ms <= _DELAY_LIMIT_MS:
            raise ValueError(f"delay_ms must be between 0 and 10000, got {self.delay_ms}")
        if not 0 <= self.jitter_ms <= self.delay_ms:
            raise ValueError(
                f"jitter_ms must lie between 0 and the one-way delay of {self.delay_ms} ms,"
                f" got {self.jitter_ms}"
            )
        if self.rate_kbit_s is not None and not self.rate_kbit_s > 0:
            raise ValueError(f"rate_kbit_s must be above 0, got {self.rate_kbit_s}")
        if not 0 <= self.loss <= 1:
            raise ValueError(f"loss must lie between 0 and 1, got {self.loss}")
        if self.burst_ms is not None and not 0 < self.burst_ms <= _DELAY_LIMIT_MS:
            raise ValueError(f"burst_ms must be above 0 and at most 10000, got {self.burst_ms}")
        self._refuse_endless_stalls()

    def _refuse_endless_stalls(self) -> None:
        low, high = self.stall_ms
        if not 0 <= low <= high:
            raise ValueError(f"stall_ms must be an ascending pair from 0 up, got {self.stall_ms}")
        if self.stall_every_ms is None:
            if high > 0:
                raise ValueError("stall_ms needs stall_every_ms")
        elif not high < self.stall_every_ms:
            raise ValueError(
                f"stalls of up to {high:g} ms cannot begin every {self.stall_every_ms:g} ms"
            )

    @property
    def stalls(self) -> bool:
        """Whether messages are ever delayed beyond delay and jitter."""
        return self.loss > 0 or self.stall_every_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a network is from some moment of a call on.

    Attributes:
        from_s: Since the first frame of the call.
        up: Caller to API.
        down: API to caller.
        name: What it is called.
    """

    from_s: float
    up: Direction
    down: Direction
    name: str = ""


class FaultKind(StrEnum):
    """What a network can do to a connection other than delay it, by Toxiproxy's names."""

    TIMEOUT = "timeout"
    RESET_PEER = "reset_peer"
    SLICER = "slicer"
    LIMIT_DATA = "limit_data"
    SLOW_CLOSE = "slow_close"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFault:
    """One fault that a profile applies to a call. It is never called loss.

    Attributes:
        kind: Which.
        upwards: Whether it acts on what the caller sends, else on what the API sends.
        at_s: When it strikes, since the first frame of the call; from the beginning if 0.
        settings: The toxic's attributes by name, integers.
    """

    kind: FaultKind
    upwards: bool = True
    at_s: float = 0.0
    settings: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an instant before the call."""
        if not 0 <= self.at_s < math.inf:
            raise ValueError(f"at_s must not be negative, got {self.at_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProfile:
    """What a network is asked to do to a session.

    Attributes:
        name: What reports call it.
        up: Caller to API.
        down: API to caller.
        source: Where the numbers come from.
        note: What the profile leaves out, in words for the report.
        stages: What it changes to during a call, in order of time; empty if it stays the same.
        faults: What else it does to connections.
    """

    name: str
    up: Direction = Direction()
    down: Direction = Direction()
    source: str = ""
    note: str = ""
    stages: tuple[Stage, ...] = ()
    faults: tuple[NetworkFault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a timeline that is not ascending."""
        times = [0.0, *(stage.from_s for stage in self.stages)]
        if any(not before < after < math.inf for before, after in itertools.pairwise(times)):
            raise ValueError(f"a timeline runs forwards from 0, got stages at {times[1:]} s")

    @property
    def rtt_ms(self) -> float:
        """Nominal round-trip time added; at the beginning, if there is a timeline."""
        return self.up.delay_ms + self.down.delay_ms

    @property
    def timeline(self) -> tuple[Stage, ...]:
        """All stages, the one that calls begin with included."""
        return (Stage(from_s=0.0, up=self.up, down=self.down), *self.stages)

    @property
    def stalls(self) -> bool:
        """Whether messages are ever delayed beyond delay and jitter, or the delay changes."""
        return bool(self.stages) or self.up.stalls or self.down.stalls


@dataclass(frozen=True, slots=True, kw_only=True)
class StallFigures:
    """How messages of one direction are delayed beyond delay and jitter; planned or measured.

    Attributes:
        messages: How many there were.
        mean_ms: Mean extra delay.
        p50_ms: Median of it.
        p90_ms: Ninetieth percentile.
        p99_ms: Ninety-ninth percentile.
        late_share: Share of messages more than 50 ms late, from 0 to 1.
        per_minute: Stalls a minute: how often delayed messages were released.
    """

    messages: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    late_share: float
    per_minute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedNetwork:
    """What a probe through the real proxy found for one profile.

    Attributes:
        profile: Name of the profile.
        probes: Round trips measured.
        rtt_p10_ms: Tenth percentile of the round trip; `None` without probes.
        rtt_p50_ms: Median.
        rtt_p90_ms: Ninetieth percentile.
        up_kbit_s: Bandwidth from caller to API; `None` when unlimited or not probed.
        down_kbit_s: Bandwidth from API to caller; `None` when unlimited or not probed.
        verified: Whether the impairment matches the profile.
        why: The reason in words.
        up_stalls: Measured stalls from caller to API; `None` where none are planned.
        down_stalls: The same from API to caller.
        up_planned: What was planned for the same messages as `up_stalls`.
        down_planned: The same for `down_stalls`.
        up_baseline_ms: Median delay, beyond that of the profile, of messages from caller to API
            that no stall affected: the delay that proxy, machine and probe add, which is
            subtracted from `up_stalls`. `None` where no stalls are planned, or where `why` says
            that too few messages were unaffected.
        down_baseline_ms: The same from API to caller.
    """

    profile: str
    probes: int
    verified: bool
    why: str
    rtt_p10_ms: float | None = None
    rtt_p50_ms: float | None = None
    rtt_p90_ms: float | None = None
    up_kbit_s: float | None = None
    down_kbit_s: float | None = None
    up_stalls: StallFigures | None = None
    down_stalls: StallFigures | None = None
    up_planned: StallFigures | None = None
    down_planned: StallFigures | None = None
    up_baseline_ms: float | None = None
    down_baseline_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyOverhead:
    """What the proxy adds by itself: alternate round trips without it and through it.

    Attributes:
        round_trips: How many of each; at least 1.
        direct_p50_ms: Median round trip without it.
        direct_p99_ms: Ninety-ninth percentile of it.
        proxied_p50_ms: Median round trip through it, with no toxics.
        proxied_p99_ms: Ninety-ninth percentile of it.
    """

    round_trips: int
    direct_p50_ms: float
    direct_p99_ms: float
    proxied_p50_ms: float
    proxied_p99_ms: float

    @property
    def added_ms(self) -> float:
        """What it adds to the median round trip."""
        return self.proxied_p50_ms - self.direct_p50_ms

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"round trip {self.proxied_p50_ms:.2f} ms through it, {self.direct_p50_ms:.2f} ms"
            f" without (P50); {self.proxied_p99_ms:.2f} and {self.direct_p99_ms:.2f} ms (P99)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStats:
    """Changes that one process made to its networks while calls ran, summed up.

    Attributes:
        planned: Changes that fell due.
        done: Those that were carried out.
        failed: Attempts that Toxiproxy refused or did not answer in time.
        lag_p50_ms: How late they were carried out, median; `None` when none was.
        lag_p99_ms: Ninety-ninth percentile of it.
        lag_max_ms: The latest.
    """

    planned: int
    done: int
    failed: int
    lag_p50_ms: float | None = None
    lag_p99_ms: float | None = None
    lag_max_ms: float | None = None

    def __str__(self) -> str:
        """Return it in words."""
        late = "" if self.lag_p99_ms is None else f", P99 {self.lag_p99_ms:.1f} ms late"
        return f"{self.done} of {self.planned} changes carried out{late}"
