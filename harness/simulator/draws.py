"""Everything that chance decides, from one seed, apart for every session and every purpose."""

import numpy as np

from harness.simulator.configuration import RATE_HZ
from harness.simulator.presets import Preset
from harness.simulator.replies import Reply, make_replies
from harness.simulator.speaking import Drawn

_RATE_LIMITS_MS = (7.0, 43.0)  # captured distance from `response.done`


class Draws:
    """The sources of chance of one session.

    Latency, leading silence, choice of reply and small delays come from generators of their own,
    so that a change of one leaves the others as they were.

    Args:
        seed: The simulator's seed.
        session_number: Number of the session, from 0.
        preset: What to draw from.
        replies: What may be said.
        speed: Delivery, times real time.
    """

    def __init__(
        self,
        *,
        seed: int,
        session_number: int,
        preset: Preset,
        replies: tuple[Reply, ...],
        speed: float,
    ) -> None:
        sources = np.random.SeedSequence([seed, session_number]).spawn(4)
        self._latency, self._lead, self._choice, self._small = map(np.random.default_rng, sources)
        self._preset, self._replies, self._speed = preset, replies, speed

    def response(self) -> Drawn:
        """Draw one response."""
        return Drawn(
            reply=self._replies[int(self._choice.integers(len(self._replies)))],
            latency_ms=self._preset.draw_latency_ms(self._latency),
            lead_samples=self._preset.draw_lead_samples(self._lead, RATE_HZ),
            speed=self._speed,
        )

    def rate_limits_ms(self) -> float:
        """Draw the time from the end of a response to its rate limits."""
        return float(self._small.uniform(*_RATE_LIMITS_MS))


def seeded_replies(seed: int, count: int) -> tuple[Reply, ...]:
    """Make the pool of replies that belongs to a seed."""
    return make_replies(np.random.default_rng([seed, 0, 1]), count)
