"""How long a model takes to answer: seeded shifted lognormals fitted to published measurements.

A latency is voice to voice: from the caller's last voiced sample to the first sample of the
response that can be heard, so it contains the endpoint decision and the silence at the response's
head.
"""

from dataclasses import dataclass
from math import erf, exp, inf, log, sqrt

import numpy as np

_LEAD_CAP_MS = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mixture: `shift + exp(N(ln median, sigma))`, in so large a share of turns."""

    weight: float
    shift_ms: float
    median_ms: float
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Latency of one model: `shift + exp(N(ln median, sigma))`, and what adds to it.

    Attributes:
        name: What it is called on the command line.
        shift_ms: The least it ever takes.
        median_ms: Median of the part above the shift.
        sigma: Standard deviation of that part's logarithm.
        mixture: Further parts; the first takes the share of turns they leave.
        cap_ms: Longest latency, for fits whose tail is longer than what was observed.
        lead_median_ms: Median of the silence at the head of a response.
        lead_sigma: Standard deviation of its logarithm.
        lead_cap_ms: Longest such silence.
        tool_ms: Added to the latency of a turn with a function call; may be negative.
        first_turn_ms: Added to a session's first turn.
        growth_ms_per_turn: Added for each turn the session has had before.
        outlier_probability: Share of turns that take `outlier_ms` instead, caps aside.
        outlier_ms: Least and most of such a turn, evenly drawn.
        no_reply_probability: Share of turns that are never answered.
    """

    name: str
    shift_ms: float
    median_ms: float
    sigma: float
    mixture: tuple[Part, ...] = ()
    cap_ms: float | None = None
    lead_median_ms: float = 57.0
    lead_sigma: float = 0.7
    lead_cap_ms: float = _LEAD_CAP_MS
    tool_ms: float = 0.0
    first_turn_ms: float = 0.0
    growth_ms_per_turn: float = 0.0
    outlier_probability: float = 0.0
    outlier_ms: tuple[float, float] = (15_000.0, 60_000.0)
    no_reply_probability: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn from."""
        if not 0 <= self._first.weight <= 1 or any(part.weight < 0 for part in self.mixture):
            raise ValueError("the weights of a mixture must not be negative nor exceed 1 together")
        for part in self._parts:
            if part.median_ms <= 0 or part.sigma < 0 or part.shift_ms < 0:
                raise ValueError("median must be positive, shift and sigma not negative")
        for probability in (self.outlier_probability, self.no_reply_probability):
            if not 0 <= probability <= 1:
                raise ValueError("a probability lies between 0 and 1")
        if not 0 <= self.outlier_ms[0] <= self.outlier_ms[1]:
            raise ValueError("outlier_ms is a pair, the smaller first")

    @property
    def _first(self) -> Part:
        return Part(
            weight=1.0 - sum(part.weight for part in self.mixture),
            shift_ms=self.shift_ms,
            median_ms=self.median_ms,
            sigma=self.sigma,
        )

    @property
    def _parts(self) -> tuple[Part, ...]:
        return (self._first, *self.mixture)

    def draw_latency_ms(self, rng: np.random.Generator) -> float:
        """Draw one voice-to-voice latency of a turn without a function call."""
        part = self._first
        if self.mixture:
            weights = [part.weight for part in self._parts]
            part = self._parts[int(rng.choice(len(weights), p=weights))]
        drawn = part.shift_ms + exp(rng.normal(log(part.median_ms), part.sigma))
        return drawn if self.cap_ms is None else min(drawn, self.cap_ms)

    def draw_turn_ms(self, rng: np.random.Generator, turn_index: int) -> float:
        """Draw the latency of a session's n-th turn, with all that adds to it but tools.

        Args:
            rng: Source of chance.
            turn_index: 0 for the first.
        """
        drawn = self.draw_latency_ms(rng)
        if self.outlier_probability and rng.random() < self.outlier_probability:
            drawn = float(rng.uniform(*self.outlier_ms))
        if turn_index == 0:
            drawn += self.first_turn_ms
        return drawn + self.growth_ms_per_turn * turn_index

    def draw_lead_ms(self, rng: np.random.Generator) -> float:
        """Draw the silence at the head of a response."""
        if self.lead_median_ms <= 0:
            return 0.0
        return min(exp(rng.normal(log(self.lead_median_ms), self.lead_sigma)), self.lead_cap_ms)

    def latency_below(self, latency_ms: float) -> float:
        """Return the share of turns drawn below a latency, tools and outliers aside."""
        if self.cap_ms is not None and latency_ms >= self.cap_ms:
            return 1.0
        return sum(part.weight * _below(part, latency_ms) for part in self._parts)

    def latency_quantile_ms(self, share: float) -> float:
        """Return the latency that `share` of turns stay below, tools and outliers aside."""
        low, high = 0.0, max(part.shift_ms + part.median_ms for part in self._parts)
        while self.latency_below(high) < share:
            high *= 2
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self.latency_below(middle) < share else (low, middle)
        return high


def _below(part: Part, latency_ms: float) -> float:
    above_shift_ms = latency_ms - part.shift_ms
    if above_shift_ms <= 0:
        return 0.0
    distance = log(above_shift_ms / part.median_ms)
    deviate = distance / part.sigma if part.sigma else inf if distance >= 0 else -inf
    return (1 + erf(deviate / sqrt(2))) / 2


def _preset(
    name: str,
    shift_ms: float,
    median_ms: float,
    sigma: float,
    *,
    tool_ms: float = 0.0,
    cap_ms: float | None = None,
    mixture: tuple[Part, ...] = (),
) -> tuple[str, Preset]:
    return name, Preset(
        name=name,
        shift_ms=shift_ms,
        median_ms=median_ms,
        sigma=sigma,
        tool_ms=tool_ms,
        cap_ms=cap_ms,
        mixture=mixture,
    )


# Fitted on the 5th, 50th and 95th percentile of the public multi-turn benchmark of audio models
# (aiewf-eval, turns without tools, 2026); the tool shift is the difference of the medians with
# and without tools. The cap of grok-realtime stands at 1.3 times the largest observed 99th
# percentile, because its fitted tail is too heavy. nova-2-sonic is bimodal, which one lognormal
# cannot be: a sixth of its turns start early, the others as fitted here to its
# percentiles 448, 1280, 2806 and 4036.
PRESETS = dict(
    (
        _preset("gpt-realtime", 228, 1020, 0.28, tool_ms=544),
        _preset("gpt-realtime-1.5", 728, 552, 0.53, tool_ms=1280),
        _preset("gpt-realtime-2.1", 1064, 440, 0.53, tool_ms=-64),
        _preset("gemini-2.5-live", 1120, 384, 0.42, tool_ms=144),
        _preset("gemini-3.1-minimal", 1065, 567, 0.69, tool_ms=1472),
        _preset("gemini-3.1-low", 720, 1456, 0.40, tool_ms=1280),
        _preset("gemini-3.1-high", 1309, 1059, 0.72, tool_ms=1216),
        _preset("grok-realtime", 1713, 367, 0.93, tool_ms=512, cap_ms=4944),
        _preset(
            "nova-2-sonic",
            560,
            850,
            0.62,
            tool_ms=928,
            cap_ms=5247,
            mixture=(Part(weight=0.16, shift_ms=295, median_ms=180, sigma=0.40),),
        ),
        _preset("ultravox-0.7", 567, 329, 0.70, tool_ms=704),
    )
)
# Constant and quick, for load that must not wait: 300 ms and audible at once.
PRESETS["null"] = Preset(name="null", shift_ms=299, median_ms=1, sigma=0, lead_median_ms=0)
DEFAULT_PRESET = "gpt-realtime-2.1"
NULL_PRESET = "null"
