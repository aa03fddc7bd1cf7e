"""The master's dealings with its workers, against a runner that only notes what is sent."""

import subprocess
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import gevent
import numpy as np
import pytest

from harness.analysis import BY_NAME, estimate, sample
from harness.load import worker_pool
from harness.load.delivery import Outbox
from harness.load.worker_pool import HOLDING, HURRY, MISSING, READY, SHARE, STOP, TAKEN, WorkerPool
from harness.model import CallPlan, RunEvent, RunEventKind, TurnStatus
from harness.plan import Dialogue, Seeds, draw_call
from harness.recording import Batch, Histogram
from tests.analysis.conftest import build_turn

_LOST = RunEvent(kind=RunEventKind.TOXIPROXY_LOST, at_ns=0, detail="it ended")


class Runner:
    """A master's runner with workers that are heard of until they are taken out."""

    state = HOLDING[-1]

    def __init__(self, *names: str) -> None:
        self.clients = {name: SimpleNamespace(state=HOLDING[-1]) for name in names}
        self.target_user_count = 4
        self.sent: list[tuple[str, str | None]] = []
        self.outboxes: dict[str, Outbox] = {}

    def send_message(self, kind: str, data: Any = None, client: str | None = None) -> None:
        if kind == TAKEN and client is not None:
            self.outboxes[client].acknowledge(data)
        else:
            self.sent.append((kind, client))


class Writer:
    origin_ns = 0

    def __init__(self) -> None:
        self.noted: list[RunEventKind] = []
        self.written = Batch()
        self.histograms: list[Histogram] = []

    def note(self, kind: RunEventKind, detail: str) -> None:
        self.noted.append(kind)

    def write(self, batch: Batch) -> None:
        self.written.turns += batch.turns
        self.histograms += batch.histograms.values()


class Calls:
    options = SimpleNamespace(calls=4, limit_s=1.0)

    def call(self, number: int) -> CallPlan:
        return draw_call(
            number,
            seeds=Seeds.from_one(1),
            dialogue=Dialogue(turns=1),
            utterance_ids=["a"],
            network="none",
            frame_ns=20_000_000,
        )


class Run:
    """A pool of workers, two unless more are named, that share four calls."""

    def __init__(self, names: str = "ab") -> None:
        self.runner, self.writer = Runner(*names), Writer()
        self.pool = WorkerPool(self.runner, self.writer, Calls(), {})  # type: ignore[arg-type]
        self.outboxes = {
            name: Outbox(partial(self.pool.take, name), Writer.origin_ns) for name in names
        }
        self.runner.outboxes = self.outboxes

    def hand_in(
        self,
        worker: str,
        *,
        idle: bool = False,
        last: bool = False,
        open_calls: int = 0,
        callers: int = 0,
        **rest: Any,
    ) -> None:
        state = {"idle": idle, "last": last, "open": open_calls, "callers": callers}
        self.outboxes[worker].put(Batch(**rest), state)

    def hand_in_last(self, worker: str) -> None:
        """Hand in what a worker has left, once the run is being stopped."""
        self.runner.state = "stopping"
        self.hand_in(worker, idle=True, last=True)

    def dropped(self) -> dict[str, str]:
        turns = [t for t in self.writer.written.turns if t.status is TurnStatus.DROPPED]
        return {turn.session_id: turn.fault.code for turn in turns if turn.fault is not None}

    def is_done(self) -> bool:
        """Tell whether the run may end now; the pool looks some twenty times a second."""
        looking = gevent.spawn(self.pool.wait_until_done)
        looking.join(timeout=1)
        return bool(looking.successful())


@pytest.fixture
def run() -> Run:
    return Run()


def test_every_worker_gets_its_share_and_the_run_is_done_when_all_have_held_theirs(
    run: Run,
) -> None:
    assert run.runner.sent == [(SHARE, "a"), (SHARE, "b")]
    run.hand_in("a", idle=True)
    run.hand_in("b", idle=True)
    assert run.is_done()
    run.hand_in_last("a")
    run.hand_in_last("b")
    run.pool.collect(1)
    assert (STOP, None) in run.runner.sent
    assert run.writer.noted == []


def test_a_worker_that_goes_missing_ends_the_run_and_leaves_rows(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(worker_pool, "_MISSING_LIMIT_NS", 0)
    run.hand_in("a")
    run.hand_in("b")
    run.runner.clients["b"].state = MISSING
    assert run.is_done()
    run.hand_in_last("a")
    run.pool.collect(1)
    assert run.writer.noted == [RunEventKind.WORKER_LOST]
    assert "worker b ended before its calls" in capsys.readouterr().err
    assert run.dropped() == {
        "call-000000": "run_ended",
        "call-000001": "worker_lost",
        "call-000002": "run_ended",
        "call-000003": "worker_lost",
    }


def test_a_worker_that_says_goodbye_in_the_middle_is_lost(run: Run) -> None:
    run.hand_in("a")
    run.hand_in("b", idle=True, last=True)
    del run.runner.clients["b"]
    assert run.is_done()
    assert run.writer.noted == [RunEventKind.WORKER_LOST]


def test_what_comes_of_a_worker_after_it_was_given_up_is_no_second_record(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_MISSING_LIMIT_NS", 0)
    run.hand_in("a")
    run.hand_in("b")
    run.runner.clients["b"].state = MISSING
    assert run.is_done()
    run.hand_in("b", turns=[build_turn(session="call-000001")])
    assert run.outboxes["b"].empty
    recorded = [turn.session_id for turn in run.writer.written.turns]
    assert recorded == ["call-000001", "call-000003"]
    assert set(run.dropped()) == set(recorded)


def test_a_worker_without_its_toxiproxy_ends_the_run(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run.hand_in("a")
    run.hand_in("b", events=[_LOST])
    assert run.is_done()
    assert "Toxiproxy was lost, which ends the run: it ended" in capsys.readouterr().err


def test_a_worker_that_still_prepares_is_not_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_PREPARING_LIMIT_NS", 0)
    run.hand_in_last("a")
    with gevent.Timeout(10):
        run.pool.collect(60)
    assert run.writer.noted == []


def test_a_worker_that_is_silent_is_waited_for_no_longer_than_asked(run: Run) -> None:
    run.hand_in_last("a")
    run.hand_in("b")
    with gevent.Timeout(10):
        run.pool.collect(0.1)
    assert run.writer.noted == [RunEventKind.WORKER_LOST]


def test_a_run_that_is_not_whole_does_not_wait_for_turns_to_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_DRAIN_LIMIT_NS", 0)
    run.hand_in("a")
    run.hand_in("b", events=[_LOST])
    run.pool.collect(0.3)
    assert run.runner.sent.count((HURRY, None)) == 1


def test_workers_are_silent_when_none_is_heard_of(run: Run) -> None:
    run.runner.clients["b"].state = MISSING
    assert not run.pool.silent
    run.runner.clients["a"].state = MISSING
    assert run.pool.silent


def test_percentiles_of_four_workers_are_those_of_one() -> None:
    run = Run("abcd")
    drawn = np.random.default_rng(5).gamma(4.0, 200.0, 900)
    turns = [build_turn(float(ms), session=f"s{i // 3}") for i, ms in enumerate(drawn)]
    one, many = Histogram(), Histogram()
    one.record_many([round(ms * 1_000) for ms in drawn])
    for at, worker in enumerate("abcd"):
        share = [turn for i, turn in enumerate(turns) if i // 3 % 4 == at]
        late = Histogram()
        late.record_many([round(ms * 1_000) for i, ms in enumerate(drawn) if i // 3 % 4 == at])
        run.hand_in(worker, turns=share, histograms={"send_lateness": late})
    for histogram in run.writer.histograms:
        many.merge(histogram)
    assert all(outbox.empty for outbox in run.outboxes.values())
    assert many.summary() == one.summary()
    metric = BY_NAME["voice_to_voice"]
    for p in (0.5, 0.95, 0.99):
        merged = estimate(sample(metric, run.writer.written.turns, []), p)
        assert merged.value_ms is not None
        assert merged.value_ms == estimate(sample(metric, turns, []), p).value_ms


def test_open_calls_are_those_of_workers_that_are_heard_of(run: Run) -> None:
    for worker, count in (("a", 2), ("b", 5)):
        run.hand_in(worker, open_calls=count, callers=count + 1)
    assert run.pool.open_calls == 7
    assert run.pool.callers == 9
    del run.runner.clients["b"]
    assert run.pool.open_calls == 2
    run.hand_in_last("a")
    assert run.pool.open_calls == 0


def test_states_have_locusts_names() -> None:
    """In a process of its own, which importing Locust patches."""
    names = "STATE_INIT, STATE_MISSING, STATE_SPAWNING, STATE_RUNNING"
    code = f"from locust.runners import *; print({names})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert tuple(said.stdout.split()) == (READY, MISSING, *HOLDING)


def test_in_a_hurry_all_workers_are_told(run: Run) -> None:
    run.pool.hurry()
    assert run.runner.sent[-1] == (HURRY, None)
