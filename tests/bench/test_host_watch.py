import signal
import subprocess
import time
from typing import Any

import pytest

from harness.bench import host_watch
from harness.bench.host_watch import Delay, HostWatch, summarise
from harness.bench.native_program import native_program
from harness.clock import now_ns
from harness.model import NS_PER_MS


def delay(due_ms: float, late_ms: float) -> Delay:
    return Delay(core=0, due_ns=round(due_ms * NS_PER_MS), late_ms=late_ms)


def test_delays_are_counted_beyond_each_level_and_the_longest_decides() -> None:
    delays = [delay(10, 6), delay(30, 12), delay(60, 21), delay(99, 5.5)]
    seen = summarise(delays, 0, 200 * NS_PER_MS)
    assert seen.beyond == (4, 2, 1)
    assert (seen.longest_ms, seen.paused) == (21, True)


def test_only_what_touches_the_interval_counts() -> None:
    delays = [delay(10, 30), delay(100, 30), delay(300, 30)]
    seen = summarise(delays, 50 * NS_PER_MS, 110 * NS_PER_MS)
    assert seen.beyond == (1, 1, 1)
    assert summarise(delays, 150 * NS_PER_MS, 250 * NS_PER_MS).paused is False


def test_a_delay_of_twenty_milliseconds_is_no_pause_yet() -> None:
    assert not summarise([delay(10, 20)], 0, 100 * NS_PER_MS).paused


def test_a_watcher_that_was_stopped_is_seen_and_ends_with_the_watch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    native_program("watcher")  # compiled already: no process is started for it below
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*words: Any, **settings: Any) -> subprocess.Popen[bytes]:
        started.append(real(*words, **settings))
        return started[-1]

    monkeypatch.setattr("harness.bench.host_watch.subprocess.Popen", start)
    with HostWatch(()) as watch:
        from_ns = now_ns()
        while not (seen := watch.between(from_ns, now_ns())).paused:  # until it has begun to watch
            started[0].send_signal(signal.SIGSTOP)
            time.sleep(0.05)
            started[0].send_signal(signal.SIGCONT)
            time.sleep(0.02)
    assert seen.longest_ms > host_watch.PAUSE_MS
    assert [process.returncode for process in started] == [0]


def test_without_a_native_program_the_note_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_watch, "native_program", lambda name: f"no C compiler for {name}")
    assert HostWatch(()).note == "no C compiler for watcher"
