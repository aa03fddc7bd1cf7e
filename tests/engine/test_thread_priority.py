"""The audio thread's priority, with a system and a clock of the test's own."""

import os
import threading
import time

import pytest

from harness.engine import thread_priority
from harness.engine.thread_priority import ThreadPriority, realtime_allowed


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
        monkeypatch.setattr(time, "thread_time_ns", lambda: self.used_ns)

    def set(self, pid: int, policy: int, priority: int) -> None:
        assert pid == 0, "only the calling thread"
        if policy & 2 and not self.grants:
            raise PermissionError(1, "Operation not permitted")
        assert policy & 64, "only root may take that back"
        assert priority == (1 if policy & 2 else 0)
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
    assert ThreadPriority().is_realtime
    assert system.policy == 2


def test_it_stays_ordinary_where_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, grants=False)
    priority = ThreadPriority()
    assert not priority.is_realtime
    assert [system.spend(priority, share) for share in (0.1, 1.0, 0.1)] == [False] * 3


def test_it_is_ordinary_for_as_long_as_it_takes_nearly_all_of_a_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, grants=True)
    priority = ThreadPriority()
    shares = (0.5, 0.89, 0.95, 0.95, 0.7, 0.5, 0.7)
    told = [system.spend(priority, share) for share in shares]
    assert told == [True, True, False, False, False, True, True]


def test_a_system_without_it_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler", raising=False)
    priority = ThreadPriority()
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


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="not on this system")
def test_this_system_says_the_same_as_it_does() -> None:
    found: list[tuple[bool, int]] = []

    def look() -> None:
        priority = ThreadPriority()
        found.append((priority.is_realtime, os.sched_getscheduler(0)))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    ((is_realtime, policy),) = found
    assert is_realtime == realtime_allowed()
    assert (policy & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR) == is_realtime
