"""What exporters count of records: latencies in seconds, under names that are bounded."""

import math
from collections.abc import Iterator

from harness.analysis import BY_NAME, Latency, session_latency, turn_latency
from harness.model import Check, SessionRecord, TurnRecord

# Seconds: fine where voices are compared, up to the usual limit of a turn.
BUCKETS_S = (
    *(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0),
)
OF_TURNS = (
    *("voice_to_voice", "time_to_first_audio"),
    *("time_to_first_token", "time_to_last_token"),
)
OF_SESSIONS = ("session_setup",)
_BEYOND_S = math.nextafter(BUCKETS_S[-1], math.inf)
_MS_PER_S = 1_000
_MOST, _OTHER = 64, ("other", "other")


class Strata:
    """Network and user class of a record; a scenario's own names, and beyond 64 pairs `other`."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def of(self, record: TurnRecord | SessionRecord) -> tuple[str, str]:
        """Return network and user class to count a record under."""
        stratum = (record.network, record.user_class)
        if stratum not in self._known and len(self._known) >= _MOST:
            return _OTHER
        self._known.add(stratum)
        return stratum


def turn_seconds(turn: TurnRecord) -> Iterator[tuple[str, float]]:
    """Yield the name and the seconds of each latency of a turn."""
    for name in OF_TURNS:
        latency = turn_latency(BY_NAME[name], turn)
        if latency is not None:
            yield name, _seconds(latency)


def session_seconds(session: SessionRecord) -> Iterator[tuple[str, float]]:
    """Yield the name and the seconds of each latency of a session."""
    for name in OF_SESSIONS:
        latency = session_latency(BY_NAME[name], session)
        if latency is not None:
            yield name, _seconds(latency)


def outcome(check: Check) -> str:
    """Return `passed` or `failed`; what was checked is the scenario's words, and not bounded."""
    return "passed" if check.passed else "failed"


def _seconds(latency: Latency) -> float:
    """Return a latency as a histogram with `BUCKETS_S` can represent it.

    A response that began before the caller had ended counts as 0, since sums must not fall. One
    that never came is beyond every bucket.
    """
    seconds = max(0.0, latency.ms / _MS_PER_S)
    return max(seconds, _BEYOND_S) if latency.censored else seconds
