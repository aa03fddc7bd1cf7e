"""One client of a capacity measurement: every trial of it, and what they say together.

A failed trial in which the machine itself paused, as the host watchers saw, does not count against
the client and is repeated a few times. A trial that held in spite of a pause counts as held.
"""

from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any, Protocol

from harness.bench.host_watch import Watched
from harness.bench.search import Search, TrialOutcome

Sample = dict[str, Any]
"""What one trial found, as the clients print it."""

LATE_P99_MS, LATE_P999_MS = 5.0, 20.0
MOST_REPEATS = 2
"""Most repetitions of a trial because the machine paused; the last one counts as it is."""

# A limit exceeded by this factor, with the core full, is not the work of other programs.
_BEYOND_DOUBT, _FULL = 3.0, 0.95
_MISSING_BEYOND_DOUBT = 0.02
_MOST = 6_400


class Watch(Protocol):
    """What says whether the machine paused between two instants; a `HostWatch`."""

    def between(self, from_ns: int, until_ns: int) -> Watched:
        """Return what was seen."""


def failures(sample: Sample) -> list[str]:
    """Return what keeps a trial from having held, in words; empty for one that held."""
    if sample["sessions_lost"]:
        return [f"{sample['sessions_lost']} sessions lost"]
    found = []
    for name, field, limit_ms in (
        ("P99", "late_p99_ms", LATE_P99_MS),
        ("P99.9", "late_p999_ms", LATE_P999_MS),
    ):
        late_ms = sample[field]
        if late_ms is None:
            return ["no frame was sent"]
        if late_ms > limit_ms:
            found.append(f"{name} {late_ms:.1f} ms")
    intended = sample["frames_intended"]
    if intended is None:
        found.append("frames left out are not known")
    elif intended > sample["frames_sent"]:
        found.append(f"{intended - sample['frames_sent']} of {intended} frames missing")
    return found


def trial_outcome(sample: Sample) -> TrialOutcome:
    """Return whether every session of a trial lived and every frame left in time."""
    if not failures(sample):
        return TrialOutcome.HELD
    p99_ms, intended = sample["late_p99_ms"], sample["frames_intended"]
    if p99_ms is None or sample["late_p999_ms"] is None or sample["sessions_lost"]:
        return TrialOutcome.FAILED_BEYOND_DOUBT
    missing = 0.0 if intended is None else 1 - sample["frames_sent"] / intended
    cpu_s = sample["cpu_s"]
    full = cpu_s is not None and cpu_s >= _FULL * sample["window_s"]
    if full and (p99_ms > _BEYOND_DOUBT * LATE_P99_MS or missing > _MISSING_BEYOND_DOUBT):
        return TrialOutcome.FAILED_BEYOND_DOUBT
    return TrialOutcome.FAILED


class ClientTrials:
    """One client, its search, and everything that was measured of it.

    Args:
        name: What progress calls it.
        start: Where the search starts.
        ask: Holds a number of sessions for so many seconds and returns what it found.
        seconds: Window of a trial of the search.
        watch: Says whether the machine paused; `None` without watchers.

    Attributes:
        search: The search for the largest number that holds.
        samples: What was measured, by the number of sessions; of repeated trials, the last.
        repeated: How many trials were repeated because the machine paused.
        told: Every trial in words, in order.
    """

    def __init__(
        self,
        name: str,
        start: int,
        ask: Callable[[int, float], Sample],
        *,
        seconds: float,
        watch: Watch | None = None,
    ) -> None:
        self.name = name
        self.search = Search(start, most=_MOST)
        self.samples: dict[int, list[Sample]] = defaultdict(list)
        self.repeated = 0
        self.told: list[str] = []
        self._ask, self._seconds, self._watch = ask, seconds, watch
        self._floor: Sample | None = None

    def measure(self, number: int) -> TrialOutcome:
        """Measure once for the search."""
        sample = self.sample(number, self._seconds)
        self.samples[number].append(sample)
        return trial_outcome(sample)

    def sample(self, number: int, seconds: float) -> Sample:
        """Hold `number` sessions for `seconds`, again where a failure was the machine's."""
        for _ in range(MOST_REPEATS):
            sample = self._watched(number, seconds)
            if trial_outcome(sample) is TrialOutcome.HELD or not sample["paused"]:
                return sample
            self.repeated += 1
        return self._watched(number, seconds)

    def weigh(self, number: int) -> None:
        """Measure a few sessions, which pay for everything that is loaded once."""
        self._floor = self._ask(number, self._seconds)

    def closest(self) -> tuple[int, Sample] | None:
        """Return the trial that came closest to holding: of the fewest sessions, the last."""
        tried = [(number, samples[-1]) for number, samples in self.samples.items() if samples]
        return min(tried, key=lambda pair: pair[0], default=None)

    def typical(self, field: str, number: int | None) -> float | None:
        """Return the median of a field over the measurements that held at `number`."""
        if number is None:
            return None
        held = [s for s in self.samples[number] if trial_outcome(s) is TrialOutcome.HELD]
        values = [float(s[field]) for s in held if s.get(field) is not None]
        return float(median(values)) if values else None

    def cpu_ms_per_session_s(self, number: int | None) -> float | None:
        """Return the processor time of one second of a session, at `number` sessions."""
        known = [] if number is None else self.samples[number]
        costs = [
            1000 * sample["cpu_s"] / sample["window_s"] / number
            for sample in known
            if sample["cpu_s"] is not None and number
        ]
        return float(median(costs)) if costs else None

    def kb_per_session(self) -> float | None:
        """Return what each further session takes, `None` where that is not known.

        From the few that were weighed to the most that were held at once: memory that earlier
        sessions gave back is used again. What does not hold piles up what it could not send.
        """
        alive = [
            sample
            for samples in self.samples.values()
            for sample in samples
            if trial_outcome(sample) is TrialOutcome.HELD
        ]
        most = max(alive, key=lambda sample: int(sample["sessions"]), default=None)
        floor = self._floor
        if floor is None or most is None or not floor["resident_kb"]:
            return None
        more = most["sessions"] - floor["sessions"]
        if more <= 0:
            return None
        largest_kb = max(sample["resident_kb"] for sample in alive)
        return float((largest_kb - floor["resident_kb"]) / more)

    def _watched(self, number: int, seconds: float) -> Sample:
        sample = self._ask(number, seconds)
        seen = None
        if self._watch is not None and "from_ns" in sample:
            seen = self._watch.between(sample["from_ns"], sample["until_ns"])
        paused = seen is not None and seen.paused
        outcome = ", ".join(failures(sample)) or "held"
        pause = f"; the machine paused for {seen.longest_ms:.0f} ms" if seen and paused else ""
        self.told.append(f"{self.name}, {number} sessions for {seconds:g} s: {outcome}{pause}")
        return {**sample, "paused": paused}
