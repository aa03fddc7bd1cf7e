"""The latest latencies of each user class and network, for percentiles while a run goes on."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.analysis import BY_NAME, Estimate, Latency, Sample, estimate, turn_latency
from harness.load.exporters.observations import Strata
from harness.model import TurnRecord

_IN_AUDIO = ("voice_to_voice", "time_to_first_audio")
_IN_TEXT = ("time_to_first_token", "time_to_last_token")
PERCENTILES = (0.5, 0.95, 0.99)
# Per metric, user class and network: enough for P99 with its interval, in 64 kB.
LATEST = 4_000

Stratum = tuple[str, str]
Percentiles = tuple[Estimate, ...]


class _Ring:
    """The last values of one metric in one stratum.

    Attributes:
        seen: How many values there were in all.
    """

    def __init__(self) -> None:
        self.seen = 0
        self._values_ms = np.empty(0, dtype=np.float64)
        self._sessions = np.empty(0, dtype=np.int64)

    def add(self, latency: Latency, session: int) -> None:
        """Keep a value; a censored one ranks last, and its floor is the latest."""
        at = self.seen % LATEST
        if at == len(self._values_ms):
            # Arrays grow as needed: most strata stay small.
            more = min(LATEST, max(64, 2 * at))
            self._values_ms = np.resize(self._values_ms, more)
            self._sessions = np.resize(self._sessions, more)
        self._values_ms[at] = np.inf if latency.censored else latency.ms
        self._sessions[at] = session
        self.seen += 1

    def values(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the values in milliseconds and a number of the session of each."""
        kept = min(self.seen, LATEST)
        return self._values_ms[:kept], self._sessions[:kept]


class LiveLatencies:
    """The main latencies of every stratum, as analysis defines them.

    Attributes:
        shown: Which these are, the headline first.
    """

    def __init__(self) -> None:
        self.shown = _IN_AUDIO
        self._rings: dict[tuple[str, Stratum], _Ring] = {}
        self._known = Strata()
        self._least_ms: dict[str, float] = {}
        # The first estimate takes a third of a second, for what is imported: not during the run.
        estimate(Sample(np.arange(9.0), np.arange(9)), 0.5)

    def add(self, turns: Iterable[TurnRecord]) -> None:
        """Take turns that ended."""
        for turn in turns:
            if turn.in_text:
                self.shown = _IN_TEXT
            for name in self.shown:
                latency = turn_latency(BY_NAME[name], turn)
                if latency is None:
                    continue
                if latency.censored:
                    least_ms = self._least_ms.get(name, latency.ms)
                    self._least_ms[name] = min(least_ms, latency.ms)
                network, user_class = self._known.of(turn)
                ring = self._rings.setdefault((name, (user_class, network)), _Ring())
                ring.add(latency, hash(turn.session_id))

    def strata(self) -> list[Stratum]:
        """Return every user class and network that has a turn, in order."""
        return sorted({stratum for _, stratum in self._rings})

    def n(self, metric: str, strata: Sequence[Stratum]) -> int:
        """Return how many turns of some strata have a latency, all of the run."""
        return sum(ring.seen for ring in self._of(metric, strata))

    def percentiles(self, metric: str, strata: Sequence[Stratum]) -> Percentiles:
        """Estimate the percentiles over the latest turns of some strata together."""
        kept = [ring.values() for ring in self._of(metric, strata)]
        values_ms = np.concatenate([values for values, _ in kept] or [np.empty(0)])
        sessions = np.concatenate([of for _, of in kept] or [np.empty(0, dtype=np.int64)])
        floor_ms = self._least_ms.get(metric) if np.isposinf(values_ms).any() else None
        sample = Sample(values_ms, sessions, floor_ms)
        return tuple(estimate(sample, p) for p in PERCENTILES)

    def _of(self, metric: str, strata: Sequence[Stratum]) -> list[_Ring]:
        wanted = ((metric, stratum) for stratum in strata)
        return [self._rings[key] for key in wanted if key in self._rings]
