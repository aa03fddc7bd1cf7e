"""The audio thread's priority, with a system and a clock of the test's own."""

import os
import sys
import threading
import time

import pytest

from harness.engine import thread_priority
from harness.engine.thread_priority import (
    AUDIO,
    BESIDE_AUDIO,
    ThreadPriority,
    before_others,
    realtime_allowed,
)


class System:
    """A system that grants real-time scheduling or does not, and time that is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, grants: bool) -> None:
        self.grants = grants
        self.policy = 0
        self.at_ns = self.used_ns = 0
        monkeypatch.setattr(os, "sched_setscheduler", self.set, raising=False)
        monkeypatch.setattr(os, "sched_param", lambda priority: priority, raising=False)
        for name, value in (("SCHED_RR", 2), ("SCHED_RESET_ON_FORK", 64), ("SCHED_OTHER", 0)):
            monkeypatch.setattr(os, name, value, raising=False)
        monkeypatch.setattr(thread_priority, "now_ns", lambda: self.at_ns)
        monkeypatch.setattr(thread_priority, "_used_ns", lambda thread: self.used_ns)

    def set(self, thread: int, policy: int, priority: int) -> None:
        assert thread == threading.get_native_id()
        if policy & 2 and not self.grants:
            raise PermissionError(1, "Operation not permitted")
        assert policy & 64, "only root may take that back"
        assert priority == (2 if policy & 2 else 0)
        self.policy = policy & 2

    def spend(self, priority: ThreadPriority, share: float) -> bool:
        """Let a second pass of which the thread computes a share."""
        self.at_ns += 1_000_000_000
        self.used_ns += round(share * 1e9)
        priority.review()
        assert priority.is_realtime == (self.policy != 0)
        return priority.is_realtime


def test_it_is_realtime_where_that_is_granted_and_what_it_starts_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, grants=True)
    assert ThreadPriority(AUDIO).is_realtime
    assert system.policy == 2


def test_it_stays_ordinary_where_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, grants=False)
    priority = ThreadPriority(AUDIO)
    assert not priority.is_realtime
    assert [system.spend(priority, share) for share in (0.1, 1.0, 0.1)] == [False] * 3


def test_it_is_ordinary_for_as_long_as_it_takes_nearly_all_of_a_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, grants=True)
    priority = ThreadPriority(AUDIO)
    shares = (0.5, 0.89, 0.95, 0.95, 0.7, 0.5, 0.7)
    told = [system.spend(priority, share) for share in shares]
    assert told == [True, True, False, False, False, True, True]


def test_a_system_without_it_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler", raising=False)
    priority = ThreadPriority(AUDIO)
    priority.review()
    assert not priority.is_realtime
    assert not realtime_allowed()


def test_asking_whether_it_is_allowed_leaves_the_thread_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, grants=True)
    assert realtime_allowed()
    assert system.policy == 0
    system.grants = False
    assert not realtime_allowed()


class Sleeper(threading.Thread):
    """A thread that takes a priority and then does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._sleeps, self._go_on = threading.Event(), threading.Event()

    def __enter__(self) -> "Sleeper":
        self.start()
        assert self._sleeps.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._go_on.set()
        self.join()

    def run(self) -> None:
        self.priority = ThreadPriority(BESIDE_AUDIO)
        self._sleeps.set()
        self._go_on.wait(10)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")
def test_a_thread_of_this_system_is_what_is_said_of_it() -> None:
    with Sleeper() as thread:
        assert thread.native_id is not None
        policy = os.sched_getscheduler(thread.native_id) & ~os.SCHED_RESET_ON_FORK
        assert thread.priority.is_realtime == realtime_allowed() == (policy == os.SCHED_RR)
        thread.priority.end()
        policy = os.sched_getscheduler(thread.native_id) & ~os.SCHED_RESET_ON_FORK
        assert not thread.priority.is_realtime
        assert policy == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")
def test_the_processor_time_of_a_thread_is_its_own() -> None:
    own_ns = thread_priority._used_ns(threading.get_native_id())
    assert own_ns <= time.thread_time_ns()
    while time.thread_time_ns() < own_ns + 20_000_000:
        pass
    assert thread_priority._used_ns(threading.get_native_id()) >= own_ns + 20_000_000
    with Sleeper() as thread:
        assert thread.native_id is not None
        assert thread_priority._used_ns(thread.native_id) < own_ns


def test_a_block_goes_before_others_and_is_ordinary_after(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, grants=True)
    with before_others(AUDIO):
        assert system.policy == 2
    assert system.policy == 0


def test_a_block_is_reviewed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, grants=True)
    monkeypatch.setattr(thread_priority, "_REVIEW_EVERY_S", 0.001)
    reviewed = threading.Event()
    monkeypatch.setattr(ThreadPriority, "review", lambda _: reviewed.set())
    with before_others(AUDIO):
        assert reviewed.wait(20)
    assert system.policy == 0
