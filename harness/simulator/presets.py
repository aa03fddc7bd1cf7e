"""How long a model takes to answer: seeded shifted lognormals fitted to published measurements.

A latency is voice to voice: from the caller's last voiced sample to the first sample of the reply
that can be heard, so it contains the endpoint decision and the silence at the reply's head.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np

_LEAD_CAP_MS = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Latency of one model: `shift + exp(N(ln median, sigma))`.

    Attributes:
        name: What it is called on the command line.
        shift_ms: The least it ever takes.
        median_ms: Median of the part above the shift.
        sigma: Standard deviation of that part's logarithm.
        cap_ms: Longest latency, for fits whose tail outruns what was observed.
        lead_median_ms: Median of the silence at the head of a reply.
        lead_sigma: Standard deviation of its logarithm.
        lead_cap_ms: Longest such silence.
    """

    name: str
    shift_ms: float
    median_ms: float
    sigma: float
    cap_ms: float | None = None
    lead_median_ms: float = 57.0
    lead_sigma: float = 0.7
    lead_cap_ms: float = _LEAD_CAP_MS

    def draw_latency_ms(self, rng: np.random.Generator) -> float:
        """Draw one voice-to-voice latency."""
        drawn = self.shift_ms + exp(rng.normal(log(self.median_ms), self.sigma))
        return drawn if self.cap_ms is None else min(drawn, self.cap_ms)

    def draw_lead_samples(self, rng: np.random.Generator, rate_hz: int) -> int:
        """Draw the silence at the head of a reply, in whole samples so that it is exactly known."""
        if self.lead_median_ms <= 0:
            return 0
        drawn_ms = exp(rng.normal(log(self.lead_median_ms), self.lead_sigma))
        return round(min(drawn_ms, self.lead_cap_ms) * rate_hz / 1000)

    def latency_quantile_ms(self, standard_normal: float) -> float:
        """Return the latency at a quantile given as a standard normal deviate, caps aside."""
        return self.shift_ms + self.median_ms * exp(self.sigma * standard_normal)


def _preset(
    name: str, shift_ms: float, median_ms: float, sigma: float, cap_ms: float | None = None
) -> tuple[str, Preset]:
    return name, Preset(
        name=name, shift_ms=shift_ms, median_ms=median_ms, sigma=sigma, cap_ms=cap_ms
    )


# Fitted on the 5th, 50th and 95th percentile of the public multi-turn benchmark of audio models
# (aiewf-eval, turns without tools, 2026). The cap of grok-realtime stands at 1.3 times the largest
# observed 99th percentile, because its fitted tail is too heavy.
PRESETS = dict(
    (
        _preset("gpt-realtime", 228, 1020, 0.28),
        _preset("gpt-realtime-1.5", 728, 552, 0.53),
        _preset("gpt-realtime-2.1", 1064, 440, 0.53),
        _preset("gemini-2.5-live", 1120, 384, 0.42),
        _preset("gemini-3.1-minimal", 1065, 567, 0.69),
        _preset("gemini-3.1-low", 720, 1456, 0.40),
        _preset("gemini-3.1-high", 1309, 1059, 0.72),
        _preset("grok-realtime", 1713, 367, 0.93, cap_ms=4944),
        _preset("ultravox-0.7", 567, 329, 0.70),
    )
)
DEFAULT_PRESET = "gpt-realtime-2.1"
