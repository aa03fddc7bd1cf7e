"""How many sessions one core holds: the engine and a straightforward client, in turns.

Both talk to the same null server on another core. Interleaving the two searches lets whatever
else the machine does disturb both alike, so the ratio says more than either number.
"""

from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

from harness.bench import machine
from harness.bench.child_process import Child
from harness.bench.findings import CapacityFinding
from harness.bench.search import Search, TrialOutcome
from harness.clock import now_ns
from harness.model import NS_PER_S, Progress

Sample = dict[str, Any]

LATE_P99_MS, LATE_P999_MS = 5.0, 20.0
# This many times beyond a limit, and with the core full, nobody else's work is the reason.
_BEYOND_DOUBT, _FULL = 3.0, 0.95
_MISSING_BEYOND_DOUBT = 0.02
_MOST = 6_400
# Few enough for any machine: what they take is the floor that memory is counted from.
_FEW = 50
# What one measurement takes beside its window.
_AROUND_S = 4.0


def judge(sample: Sample) -> TrialOutcome:
    """Return whether every session of a measurement lived and every frame left in time."""
    p99_ms, p999_ms = sample["late_p99_ms"], sample["late_p999_ms"]
    if p99_ms is None or p999_ms is None or sample["sessions_lost"]:
        return TrialOutcome.FAILED_BEYOND_DOUBT
    missing = 1 - sample["frames_sent"] / sample["frames_intended"]
    if p99_ms <= LATE_P99_MS and p999_ms <= LATE_P999_MS and missing == 0:
        return TrialOutcome.HELD
    full = sample["cpu_s"] >= _FULL * sample["window_s"]
    if full and (p99_ms > _BEYOND_DOUBT * LATE_P99_MS or missing > _MISSING_BEYOND_DOUBT):
        return TrialOutcome.FAILED_BEYOND_DOUBT
    return TrialOutcome.FAILED


class ClientTrials:
    """One client, its search, and everything that was measured of it.

    Args:
        name: What progress calls it.
        start: Where the search starts.
        ask: Measures a number of sessions.
    """

    def __init__(self, name: str, start: int, ask: Callable[[int], Sample]) -> None:
        self.name = name
        self.search = Search(start, most=_MOST)
        self.samples: dict[int, list[Sample]] = defaultdict(list)
        self._ask = ask
        self._floor: Sample | None = None

    def measure(self, number: int) -> TrialOutcome:
        """Measure once."""
        sample = self._ask(number)
        self.samples[number].append(sample)
        return judge(sample)

    def typical(self, field: str, number: int | None) -> float | None:
        """Return the median of a field over the measurements that held at `number`."""
        if number is None:
            return None
        held = [float(s[field]) for s in self.samples[number] if judge(s) is TrialOutcome.HELD]
        return float(median(held)) if held else None

    def cpu_ms_per_session_s(self, number: int | None) -> float | None:
        """Return the processor time of one second of a session, at `number` sessions."""
        if number is None or not self.samples[number]:
            return None
        costs = [1000 * s["cpu_s"] / s["window_s"] / number for s in self.samples[number]]
        return float(median(costs))

    def weigh(self, number: int) -> None:
        """Measure a few sessions, which pay for everything that is loaded once."""
        self._floor = self._ask(number)

    def kb_per_session(self) -> float | None:
        """Return what each further session takes, `None` where that is not known.

        From the few that were weighed to the most that ever lived at once: memory that earlier
        sessions gave back is used again.
        """
        alive = [s for samples in self.samples.values() for s in samples if not s["sessions_lost"]]
        most = max(alive, key=lambda sample: int(sample["sessions"]), default=None)
        floor = self._floor
        if floor is None or most is None or not floor["resident_kb"]:
            return None
        more = most["sessions"] - floor["sessions"]
        if more <= 0:
            return None
        largest_kb = max(sample["resident_kb"] for sample in alive)
        return float((largest_kb - floor["resident_kb"]) / more)


def measure_capacity(
    frame_ms: int, *, starts: tuple[int, int], budget_s: float, seconds: float, progress: Progress
) -> CapacityFinding:
    """Find what one core holds at one frame length.

    Args:
        frame_ms: Length of the callers' frames.
        starts: Where the searches start, engine's and straightforward client's.
        budget_s: Time to spend; what is not settled by then is reported as not confirmed.
        seconds: Window of one measurement.
        progress: Who hears how it goes.
    """
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)
    with Child("harness.bench.null_server", core=theirs) as server:
        words = ("--host", server.address(), "--frame-ms", f"{frame_ms}", "--seconds", f"{seconds}")
        with (
            Child("harness.bench.engine_trial", *words, core=mine) as engine,
            Child("harness.bench.plain_client", *words, core=mine) as plain,
        ):
            clients = (
                ClientTrials("engine", starts[0], engine.ask),
                ClientTrials("plain client", starts[1], plain.ask),
            )
            progress.step(f"{frame_ms} ms frames: engine with {_FEW} sessions, for its memory")
            clients[0].weigh(_FEW)
            give_up_ns = now_ns() + round((budget_s - seconds - _AROUND_S) * NS_PER_S)
            compare_clients(
                clients,
                out_of_time=lambda: now_ns() >= give_up_ns,
                report=lambda words: progress.step(f"{frame_ms} ms frames: {words}"),
            )
    return _finding(frame_ms, *clients)


def compare_clients(
    clients: tuple[ClientTrials, ClientTrials],
    *,
    out_of_time: Callable[[], bool],
    report: Callable[[str], None],
) -> None:
    """Run both searches in turns, then compare cost at what the second client held."""
    while any(client.search.next is not None for client in clients):
        for client in clients:
            number = client.search.next
            if number is None or out_of_time():
                continue
            report(f"{client.name} with {number} sessions")
            client.search.record(number, client.measure(number))
        if out_of_time():
            break
    first, second = clients
    shared = second.search.best
    if shared is not None and not first.samples[shared]:
        report(f"{first.name} with {shared} sessions, to compare")
        first.measure(shared)


def _finding(frame_ms: int, engine: ClientTrials, plain: ClientTrials) -> CapacityFinding:
    best, shared = engine.search.best, plain.search.best
    return CapacityFinding(
        frame_ms=frame_ms,
        sessions=best,
        confirmed=engine.search.confirmed,
        late_p50_ms=_rounded(engine.typical("late_p50_ms", best), 3),
        late_p99_ms=_rounded(engine.typical("late_p99_ms", best), 3),
        late_p999_ms=_rounded(engine.typical("late_p999_ms", best), 3),
        plain_client_sessions=shared,
        plain_confirmed=plain.search.confirmed,
        ratio=_rounded(None if best is None or shared is None else best / shared, 2),
        compared_sessions=shared,
        cpu_ms_per_session_s=_rounded(engine.cpu_ms_per_session_s(shared), 3),
        plain_cpu_ms_per_session_s=_rounded(plain.cpu_ms_per_session_s(shared), 3),
        kb_per_session=_rounded(engine.kb_per_session(), 1),
        open_s=_rounded(engine.typical("open_s", best), 2),
        measurements=sum(len(s) for c in (engine, plain) for s in c.samples.values()),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
