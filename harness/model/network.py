"""A network profile as asked for, and as found by measuring."""

from dataclasses import dataclass

_DELAY_LIMIT_MS = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One direction of a profile.

    Attributes:
        delay_ms: One-way delay added.
        jitter_ms: Uniform variation of that delay, plus and minus.
        rate_kbit_s: Bandwidth, `None` for unlimited.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    rate_kbit_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no network does."""
        if not 0 <= self.delay_ms <= _DELAY_LIMIT_MS:
            raise ValueError(f"delay_ms must be between 0 and 10000, got {self.delay_ms}")
        if not 0 <= self.jitter_ms <= self.delay_ms:
            raise ValueError(
                f"jitter_ms must lie between 0 and the one-way delay of {self.delay_ms} ms,"
                f" got {self.jitter_ms}"
            )
        if self.rate_kbit_s is not None and not self.rate_kbit_s > 0:
            raise ValueError(f"rate_kbit_s must be above 0, got {self.rate_kbit_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProfile:
    """What a network is asked to do to a session.

    Attributes:
        name: What reports call it.
        up: Caller to API.
        down: API to caller.
        source: Where the numbers come from.
        note: What the profile leaves out, in words for the report.
    """

    name: str
    up: Direction = Direction()
    down: Direction = Direction()
    source: str = ""
    note: str = ""

    @property
    def rtt_ms(self) -> float:
        """Nominal round-trip time added."""
        return self.up.delay_ms + self.down.delay_ms


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
        verified: Whether the impairment is what it says.
        why: The reason in words.
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
