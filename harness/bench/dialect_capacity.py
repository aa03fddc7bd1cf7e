"""How many sessions one core holds in two dialects, side by side: OpenAI's words and Twilio's.

The engine alone, without Locust, so that the difference is that of the words: frames that all
sessions share, beside frames that are numbered and stamped for each. The simulator answers both on
another core. The searches are interleaved, so that other work on the machine disturbs both alike.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from harness.bench import machine
from harness.bench.capacity import asker, compare_clients
from harness.bench.child_process import Child
from harness.bench.client_trials import ClientTrials, Sample
from harness.bench.host_watch import HostWatch
from harness.clock import now_ns, wall_time
from harness.model import NS_PER_S, Progress

SCHEMA = "harness.bench.dialects/1"
COMPARED = ("openai", "twilio")
# By name, where the simulator serves it.
_PATHS = {"openai": "", "twilio": "/twilio"}
# Below what one core holds of either, so that the searches grow.
_START, _FEW = 400, 50
_BUDGET_S, _WINDOW_S = 110.0, 2.5
_LONG_BUDGET_S, _LONG_WINDOW_S = 300.0, 6.0
# What one measurement takes beside its window.
_AROUND_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectFinding:
    """What one core holds in a dialect; figures that were not measured are `None`.

    Attributes:
        dialect: Which.
        sessions: The largest number found to hold.
        confirmed: Whether the search found it to hold twice and the next number to fail.
        late_p99_ms: Lateness of its frames, 99th percentile.
        late_p999_ms: The same, 99.9th percentile.
        compared_sessions: The number at which the processor's time is compared.
        cpu_ms_per_session_s: Processor time of a second of a session.
        kb_per_session: Memory each further session takes.
        trials: Every trial in words, in order.
    """

    dialect: str
    sessions: int | None
    confirmed: bool
    late_p99_ms: float | None
    late_p999_ms: float | None
    compared_sessions: int | None
    cpu_ms_per_session_s: float | None
    kb_per_session: float | None
    trials: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectFindings:
    """Both dialects, on one machine."""

    made_at: str
    dialects: tuple[DialectFinding, ...]
    machine: dict[str, str] = field(default_factory=dict)
    load_average: float | None = None
    schema: str = SCHEMA

    def as_json(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return asdict(self)


def compare_dialects(progress: Progress, *, thorough: bool = False) -> DialectFindings:
    """Find what one core holds in each dialect; about two minutes.

    Args:
        progress: Receives the progress.
        thorough: Take five minutes in place of two.
    """
    load = machine.load_average()
    budget_s = _LONG_BUDGET_S if thorough else _BUDGET_S
    window_s = _LONG_WINDOW_S if thorough else _WINDOW_S
    give_up_ns = now_ns() + round((budget_s - window_s - _AROUND_S) * NS_PER_S)
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)
    served = ("harness", "simulator", "--port", "0", "--exit-with-stdin", "--preset", "null")
    with Child(*served, core=theirs) as server, HostWatch(cores or ()) as watch:
        host = server.address()
        with (
            Child(*_words(host, COMPARED[0]), core=mine) as first,
            Child(*_words(host, COMPARED[1]), core=mine) as second,
        ):
            clients = (
                ClientTrials(COMPARED[0], _START, asker(first), seconds=window_s, watch=watch),
                ClientTrials(COMPARED[1], _START, asker(second), seconds=window_s, watch=watch),
            )
            for client in clients:
                progress.step(f"{client.name} with {_FEW} sessions, for its memory")
                client.weigh(_FEW)
            compare_clients(
                clients, out_of_time=lambda: now_ns() >= give_up_ns, report=progress.step
            )
    shared = clients[1].search.best
    return DialectFindings(
        made_at=wall_time().isoformat(timespec="seconds"),
        dialects=tuple(_finding(client, shared) for client in clients),
        machine=machine.facts(),
        load_average=load,
    )


def _words(host: str, dialect: str) -> tuple[str, ...]:
    address = host + _PATHS[dialect]
    return "harness.bench.engine_trial", "--host", address, "--dialect", dialect


def _finding(client: ClientTrials, shared: int | None) -> DialectFinding:
    best = client.search.best
    samples: list[Sample] = [] if best is None else client.samples[best]
    last = samples[-1] if samples else {}
    return DialectFinding(
        dialect=client.name,
        sessions=best,
        confirmed=client.search.confirmed,
        late_p99_ms=last.get("late_p99_ms"),
        late_p999_ms=last.get("late_p999_ms"),
        compared_sessions=shared,
        cpu_ms_per_session_s=client.cpu_ms_per_session_s(shared),
        kb_per_session=client.kb_per_session(),
        trials=tuple(client.told),
    )
