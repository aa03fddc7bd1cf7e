"""How many sessions the simulator holds on one core, so that it is not what a load test finds.

A simulator of its own for every number, on one core; the cheapest callers there are on another.
What it holds is the largest number at which every frame arrives whole and in time, every turn is
heard to its last sample, and responses are released when they are due. The bars are those the
simulator is made for: 500 callers with VAD, 2000 without, releases at most 2 ms late in 99 %.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from harness.bench import machine
from harness.bench.child_process import Child
from harness.bench.search import Search, TrialOutcome
from harness.clock import now_ns, wall_time
from harness.model import NS_PER_S, Progress

SERVER_SCHEMA = "harness.bench.simulator/1"
RELEASE_P99_MS, RECEIVED_P99_MS = 2.0, 5.0
_SENT_P99_MS = 5.0
# A limit exceeded by this factor is not the work of other programs.
_BEYOND_DOUBT = 5.0
_BUDGET_S, _WINDOW_S = 62.0, 4.0
_LONG_BUDGET_S, _LONG_WINDOW_S = 240.0, 10.0
# What one measurement takes beside its window.
_AROUND_S = 6.5
_TRUTH = "truth.jsonl"
# Constant and quick: the most releases in the same time.
_PRESET = "null"

Sample = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """The simulator at one number of sessions, medians of what was measured; `None` is unknown.

    Attributes:
        sessions: How many at once, frames of 20 ms each.
        measured: How often that was measured.
        held: How often it held.
        callers_gave_out: How often the callers were late themselves, which says nothing of it.
        release_p50_ms: How late responses began, by the truth log.
        release_p95_ms: The same, 95th percentile.
        release_p99_ms: The same, 99th percentile.
        received_p50_ms: From a frame's being sent to its being received.
        received_p99_ms: The same, 99th percentile.
        turns_expected: Sentences that were said.
        turns_intact: Sentences that were heard to their last sample.
        cpu_percent: Share of its core.
        cpu_ms_per_session_s: Processor time of one second of a session.
        kb_per_session: Memory of one session.
    """

    sessions: int
    measured: int
    held: int
    callers_gave_out: int
    release_p50_ms: float | None
    release_p95_ms: float | None
    release_p99_ms: float | None
    received_p50_ms: float | None
    received_p99_ms: float | None
    turns_expected: int | None
    turns_intact: int | None
    cpu_percent: float | None
    cpu_ms_per_session_s: float | None
    kb_per_session: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFinding:
    """What the simulator holds in one mode.

    Attributes:
        mode: `hearing` or `null`.
        bar: What it is made to hold.
        sessions: The largest number found to hold, `None` for none.
        confirmed: Whether that held twice and the next number was seen to fail.
        rows: Every number that was measured, ascending.
    """

    mode: str
    bar: int
    sessions: int | None
    confirmed: bool
    rows: tuple[ServerRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFindings:
    """Everything one check of the simulator found."""

    made_at: str
    modes: tuple[ServerFinding, ...]
    machine: dict[str, str] = field(default_factory=dict)
    stolen_percent: float | None = None
    load_average: float | None = None
    schema: str = SERVER_SCHEMA

    def as_json(self) -> bytes:
        """Return the findings as a JSON file's bytes."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"


def check_server(progress: Progress, *, thorough: bool = False) -> ServerFindings:
    """Find what the simulator holds, with hearing and without; about two minutes.

    Args:
        progress: Receives the progress.
        thorough: Take eight minutes in place of two.
    """
    budget_s = _LONG_BUDGET_S if thorough else _BUDGET_S
    window_s = _LONG_WINDOW_S if thorough else _WINDOW_S
    load, before = machine.load_average(), machine.CpuTimes.now()
    modes = tuple(
        _find(mode, bar, options, budget_s=budget_s, window_s=window_s, progress=progress)
        for mode, bar, options in (("hearing", 500, ()), ("null", 2_000, ("--null",)))
    )
    return ServerFindings(
        made_at=wall_time().isoformat(timespec="seconds"),
        modes=modes,
        machine=machine.facts(),
        stolen_percent=machine.stolen_percent(before, machine.CpuTimes.now()),
        load_average=load,
    )


def simulator_outcome(sample: Sample) -> TrialOutcome:
    """Return whether the simulator held in one measurement."""
    release_ms, received_ms = sample.get("release_late_p99_ms"), sample.get("received_p99_ms")
    if callers_gave_out(sample):
        return TrialOutcome.FAILED  # of the callers; the next attempt may tell more
    if sample["sessions_lost"] or release_ms is None or received_ms is None:
        return TrialOutcome.FAILED_BEYOND_DOUBT
    whole = sample["turns_intact"] == sample["turns_expected"] and not sample["turns_broken"]
    excess = max(release_ms / RELEASE_P99_MS, received_ms / RECEIVED_P99_MS)
    if whole and excess <= 1:
        return TrialOutcome.HELD
    return TrialOutcome.FAILED_BEYOND_DOUBT if excess > _BEYOND_DOUBT else TrialOutcome.FAILED


def callers_gave_out(sample: Sample) -> bool:
    """Return whether the callers themselves were late: nothing is shown about the server."""
    late_ms = sample.get("sent_late_p99_ms")
    return late_ms is not None and late_ms > _SENT_P99_MS


def measure(sessions: int, options: tuple[str, ...], window_s: float, sender: Child) -> Sample:
    """Start a simulator, have the sender hold sessions with it, and end it.

    Args:
        sessions: How many at once.
        options: Words for the simulator's command line.
        window_s: How long the measured part takes.
        sender: A running `server_sender`.
    """
    cores = machine.client_and_server_core()
    with tempfile.TemporaryDirectory() as folder:
        words = ("harness", "simulator", "--port", "0", "--exit-with-stdin", "--preset", _PRESET)
        truth = Path(folder) / _TRUTH
        core = None if cores is None else cores[1]
        with Child(*words, "--truth", str(truth), *options, core=core) as server:
            question = {
                "sessions": sessions,
                "host": server.address(),
                "server": server.pid,
                "truth": folder,
                "seconds": window_s,
            }
            return sender.ask(json.dumps(question))


def _find(
    mode: str,
    bar: int,
    options: tuple[str, ...],
    *,
    budget_s: float,
    window_s: float,
    progress: Progress,
) -> ServerFinding:
    cores = machine.client_and_server_core()
    give_up_ns = now_ns() + round((budget_s - window_s - _AROUND_S) * NS_PER_S)
    with Child(
        "harness.bench.simulator_sender", core=None if cores is None else cores[0]
    ) as sender:

        def ask(sessions: int) -> Sample:
            progress.step(f"simulator, {mode}: {sessions} sessions")
            return measure(sessions, options, window_s, sender)

        return search(mode, bar, ask, out_of_time=lambda: now_ns() >= give_up_ns)


def search(
    mode: str, bar: int, ask: Callable[[int], Sample], *, out_of_time: Callable[[], bool]
) -> ServerFinding:
    """Look for the largest number that holds.

    Args:
        mode: What it is called.
        bar: Where the search starts.
        ask: Measures a number of sessions.
        out_of_time: Whether to stop before the end.
    """
    looking, samples = Search(bar, most=4 * bar), defaultdict[int, list[Sample]](list)
    while (number := looking.next) is not None and not (samples and out_of_time()):
        sample = ask(number)
        samples[number].append(sample)
        looking.record(number, simulator_outcome(sample))
    return ServerFinding(
        mode=mode,
        bar=bar,
        sessions=looking.best,
        confirmed=looking.confirmed,
        rows=tuple(_row(number, samples[number]) for number in sorted(samples)),
    )


def _row(sessions: int, samples: list[Sample]) -> ServerRow:
    held = [sample for sample in samples if simulator_outcome(sample) is TrialOutcome.HELD]
    shown = held or samples

    def typical(name: str) -> float | None:
        known = [sample[name] for sample in shown if sample.get(name) is not None]
        return round(float(median(known)), 3) if known else None

    def total(name: str) -> int | None:
        known = [sample[name] for sample in shown if sample.get(name) is not None]
        return sum(known) if known else None

    costs = [s["server_cpu_s"] / s["window_s"] for s in shown if s.get("server_cpu_s") is not None]
    share = float(median(costs)) if costs else None
    return ServerRow(
        sessions=sessions,
        measured=len(samples),
        held=len(held),
        callers_gave_out=sum(map(callers_gave_out, samples)),
        release_p50_ms=typical("release_late_p50_ms"),
        release_p95_ms=typical("release_late_p95_ms"),
        release_p99_ms=typical("release_late_p99_ms"),
        received_p50_ms=typical("received_p50_ms"),
        received_p99_ms=typical("received_p99_ms"),
        turns_expected=total("turns_expected"),
        turns_intact=total("turns_intact"),
        cpu_percent=None if share is None else round(100 * share, 1),
        cpu_ms_per_session_s=None if share is None else round(1000 * share / sessions, 3),
        kb_per_session=typical("kb_per_session"),
    )
