"""Whether a number of sessions holds every time: a run under Locust, the engine, a plain client.

A search finds a number that held once or twice. Here each client holds one number again and again,
in turns, so that whatever else the machine does falls on all of them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from harness.bench import machine
from harness.bench.capacity import asker
from harness.bench.child_process import Child, busy_cores
from harness.bench.client_trials import ClientTrials, Sample, failures
from harness.bench.host_watch import HostWatch
from harness.bench.locust_trial import LocustTrial
from harness.model import Progress

UNDER_LOCUST, ALONE, PLAIN = "harness under Locust", "the engine alone", "a straightforward client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One time that a client held its sessions.

    Attributes:
        client: Which.
        sessions: How many.
        late_p99_ms: How late frames left, 99th percentile; `None` where none left.
        late_p999_ms: The same, 99.9th percentile.
        failures: What kept it from having held, in words; empty where it held.
        paused: Whether the machine itself stood still for more than 20 ms.
    """

    client: str
    sessions: int
    late_p99_ms: float | None
    late_p999_ms: float | None
    failures: tuple[str, ...]
    paused: bool

    @property
    def held(self) -> bool:
        """Whether every session lived and every frame left in time."""
        return not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """Every trial, in the order in which they were made."""

    trials: tuple[Trial, ...]

    def held(self, client: str) -> tuple[int, int]:
        """Return how many trials of a client held, and how many there were."""
        own = [trial for trial in self.trials if trial.client == client]
        return sum(trial.held for trial in own), len(own)

    def worst_p999_ms(self, client: str) -> float | None:
        """Return the worst of a client's P99.9, `None` where none is known."""
        own = [trial.late_p999_ms for trial in self.trials if trial.client == client]
        return max((late_ms for late_ms in own if late_ms is not None), default=None)

    @property
    def locust_ratios(self) -> tuple[float, ...]:
        """P99.9 under Locust over that of the engine alone, of each round where both are known."""
        known = [
            [trial.late_p999_ms for trial in self.trials if trial.client == client]
            for client in (UNDER_LOCUST, ALONE)
        ]
        pairs = zip(*known, strict=True)
        return tuple(under / alone for under, alone in pairs if under is not None and alone)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "trials": [{**asdict(trial), "held": trial.held} for trial in self.trials],
            "locust_ratios": list(self.locust_ratios),
        }


def measure_steadiness(
    sessions: int,
    plain_sessions: int,
    frame_ms: int,
    times: int,
    seconds: float,
    progress: Progress,
    *,
    busy: bool = False,
) -> Steadiness:
    """Hold the sessions so many times.

    Args:
        sessions: Of the run under Locust, and of the engine alone.
        plain_sessions: Of the straightforward client.
        frame_ms: Length of the callers' frames.
        times: Rounds; in each, every client holds its number once.
        seconds: For how long.
        progress: Receives the progress.
        busy: Keep every core busy with another program meanwhile.
    """
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)
    with ExitStack() as stack:
        server = stack.enter_context(Child("harness.bench.null_server", core=theirs))
        watch = stack.enter_context(HostWatch(cores or ()))
        locust = LocustTrial(server, frame_ms, mine)
        words = ("--host", locust.host, "--frame-ms", f"{frame_ms}")
        plain = stack.enter_context(Child("harness.bench.plain_client", *words, core=mine))
        alone = stack.enter_context(Child("harness.bench.engine_trial", *words, core=mine))
        stack.enter_context(busy_cores(os.cpu_count() or 1 if busy else 0))
        asked: Mapping[str, tuple[int, Callable[[int, float], Sample]]] = {
            UNDER_LOCUST: (sessions, locust.measure),
            ALONE: (sessions, asker(alone)),
            PLAIN: (plain_sessions, asker(plain)),
        }
        clients = [
            (ClientTrials(name, number, ask, seconds=seconds, watch=watch), number)
            for name, (number, ask) in asked.items()
        ]
        return hold_in_turns(clients, times, seconds, progress.step)


def hold_in_turns(
    clients: Sequence[tuple[ClientTrials, int]],
    times: int,
    seconds: float,
    report: Callable[[str], None],
) -> Steadiness:
    """Have each client hold its number, `times` times in turns.

    A failed trial in which the machine stood still is repeated a few times, see `ClientTrials`.
    """
    trials = []
    for number in range(1, times + 1):
        for client, sessions in clients:
            report(f"round {number} of {times}: {client.name}, {sessions} sessions")
            sample = client.sample(sessions, seconds)
            trials.append(
                Trial(
                    client=client.name,
                    sessions=sessions,
                    late_p99_ms=sample["late_p99_ms"],
                    late_p999_ms=sample["late_p999_ms"],
                    failures=tuple(failures(sample)),
                    paused=bool(sample["paused"]),
                )
            )
            report(client.told[-1])
    return Steadiness(trials=tuple(trials))
