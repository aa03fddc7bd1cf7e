"""How many sessions one core holds: a run under Locust and a straightforward client, in turns.

Both talk to the same null server on another core. The two searches are interleaved, so other work
on the machine disturbs both alike, so the ratio says more than either number. What the search found
is held once more, for as long as was asked, and so it is in the engine alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

from harness.bench import machine
from harness.bench.child_process import Child
from harness.bench.client_trials import ClientTrials, Sample, failures
from harness.bench.findings import CapacityFinding
from harness.bench.host_watch import HostWatch, Watched
from harness.bench.locust_trial import LocustTrial
from harness.bench.sustained import Sustained, sustain
from harness.clock import now_ns
from harness.model import NS_PER_S, Progress

# Few enough for any machine: what they take is the floor that memory is counted from.
_FEW = 50
# What one measurement takes beside its window, and what an answer may take beyond that.
_AROUND_S, _ANSWER_S = 12.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much time is spent on one frame length.

    Attributes:
        starts: Where the searches start, of the run under Locust and the straightforward client.
        budget_s: Time for the searches; what is not settled by then is reported as not confirmed.
        window_s: How long a trial of a search measures.
        hold_s: How long the number that was found is held once more.
    """

    starts: tuple[int, int]
    budget_s: float
    window_s: float
    hold_s: float


def measure_capacity(frame_ms: int, effort: Effort, progress: Progress) -> CapacityFinding:
    """Find what one core holds at one frame length.

    Args:
        frame_ms: Length of the callers' frames.
        effort: How much time is spent.
        progress: Receives the progress.
    """
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)

    def report(words: str) -> None:
        progress.step(f"{frame_ms} ms frames: {words}")

    began_ns = now_ns()
    with Child("harness.bench.null_server", core=theirs) as server, HostWatch(cores or ()) as watch:
        locust = LocustTrial(server, frame_ms, mine)
        words = ("--host", locust.host, "--frame-ms", f"{frame_ms}")
        with (
            Child("harness.bench.plain_client", *words, core=mine) as plain,
            Child("harness.bench.engine_trial", *words, core=mine) as alone,
        ):
            clients = (
                _trials("harness under Locust", locust.measure, 0, effort, watch),
                _trials("plain client", asker(plain), 1, effort, watch),
            )
            report(f"{clients[0].name} with {_FEW} sessions, for its memory")
            clients[0].weigh(_FEW)
            limit_s = effort.budget_s - effort.window_s - _AROUND_S
            give_up_ns = now_ns() + round(limit_s * NS_PER_S)
            compare_clients(clients, out_of_time=lambda: now_ns() >= give_up_ns, report=report)
            held = None
            if clients[0].search.best is not None:
                engine = _trials("engine alone", asker(alone), 0, effort, watch)
                number = clients[0].search.best
                held = sustain(clients[0], engine, number, effort.hold_s, report)
        seen = watch.between(began_ns, now_ns())
        return finding(frame_ms, clients, held, effort.hold_s, seen, watch.note)


def compare_clients(
    clients: tuple[ClientTrials, ClientTrials],
    *,
    out_of_time: Callable[[], bool],
    report: Callable[[str], None],
) -> None:
    """Run both searches in turns, then compare cost at what the second client held.

    A search that is out of time with nothing that held goes down until something does.
    """

    def measure(client: ClientTrials, number: int) -> None:
        report(f"{client.name} with {number} sessions")
        client.search.record(number, client.measure(number))
        report(client.told[-1])

    while not out_of_time() and any(client.search.next is not None for client in clients):
        for client in clients:
            number = client.search.next
            if number is not None and not out_of_time():
                measure(client, number)
    for client in clients:
        while (number := client.search.lower) is not None:
            measure(client, number)
    first, second = clients
    shared = second.search.best
    if shared is not None and not first.samples[shared]:
        report(f"{first.name} with {shared} sessions, to compare")
        first.measure(shared)


def finding(
    frame_ms: int,
    clients: tuple[ClientTrials, ClientTrials],
    held: Sustained | None,
    hold_s: float,
    seen: Watched,
    watcher: str,
) -> CapacityFinding:
    """Return what was found, in the shape in which it is written down.

    Args:
        frame_ms: Length of the callers' frames.
        clients: The run under Locust and the straightforward client.
        held: What was held once more, `None` where the search found nothing.
        hold_s: For how long.
        seen: What the watchers saw all the while.
        watcher: Why the watchers are no native programs, empty where they are.
    """
    harness, plain = clients
    best, shared = harness.search.best, plain.search.best
    if held is not None:
        best = held.sessions
    sample: Sample = {} if held is None else held.sample
    alone: Sample = {} if held is None else held.alone
    return CapacityFinding(
        frame_ms=frame_ms,
        sessions=best,
        confirmed=harness.search.confirmed and best == harness.search.best,
        held_s=hold_s,
        not_held=_not_held(harness, held) + _not_held(plain, None),
        late_p50_ms=_rounded(sample.get("late_p50_ms"), 3),
        late_p99_ms=_rounded(sample.get("late_p99_ms"), 3),
        late_p999_ms=_rounded(sample.get("late_p999_ms"), 3),
        late_max_ms=_rounded(sample.get("late_max_ms"), 3),
        missing=_missing(sample),
        engine_late_p99_ms=_rounded(alone.get("late_p99_ms"), 3),
        engine_late_p999_ms=_rounded(alone.get("late_p999_ms"), 3),
        engine_missing=_missing(alone),
        server_late_p99_ms=_rounded(sample.get("server_late_p99_ms"), 3),
        server_late_p999_ms=_rounded(sample.get("server_late_p999_ms"), 3),
        server_missing=sample.get("server_missing"),
        plain_client_sessions=shared,
        plain_confirmed=plain.search.confirmed,
        ratio=_rounded(None if best is None or shared is None else best / shared, 2),
        compared_sessions=shared,
        cpu_ms_per_session_s=_rounded(harness.cpu_ms_per_session_s(shared), 3),
        plain_cpu_ms_per_session_s=_rounded(plain.cpu_ms_per_session_s(shared), 3),
        kb_per_session=_rounded(harness.kb_per_session(), 1),
        open_s=_rounded(sample.get("open_s"), 2),
        measurements=sum(len(s) for c in clients for s in c.samples.values()),
        trials=tuple(words for client in clients for words in client.told),
        repeated=sum(client.repeated for client in clients),
        pauses=seen.beyond,
        longest_pause_ms=_rounded(seen.longest_ms, 1),
        watcher=watcher,
    )


def _trials(
    name: str,
    ask: Callable[[int, float], Sample],
    start: int,
    effort: Effort,
    watch: HostWatch,
) -> ClientTrials:
    return ClientTrials(name, effort.starts[start], ask, seconds=effort.window_s, watch=watch)


def asker(child: Child) -> Callable[[int, float], Sample]:
    """Return what asks a client that runs as a process of its own for a trial.

    Args:
        child: The client; it takes a number of sessions and of seconds a line.
    """

    def ask(sessions: int, seconds: float) -> Sample:
        return child.ask(f"{sessions} {seconds}", seconds + _ANSWER_S)

    return ask


def _not_held(client: ClientTrials, held: Sustained | None) -> tuple[str, ...]:
    """Return the numbers that should have held and did not, with the reasons."""
    if held is not None:
        return held.failed
    if client.search.best is not None:
        return ()
    closest = client.closest()
    if closest is None:
        return ()
    number, sample = closest
    return (f"{client.name}, {number} sessions: {', '.join(failures(sample))}",)


def _missing(sample: Sample) -> int | None:
    intended = sample.get("frames_intended")
    return None if intended is None else intended - sample["frames_sent"]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
