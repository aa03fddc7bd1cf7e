import signal
import time

import psutil
import pytest

from harness.bench import machine
from harness.bench.child_process import Child, busy_cores


def test_a_process_that_ends_is_told_and_not_waited_for() -> None:
    with Child("platform") as child, pytest.raises(RuntimeError, match="platform"):
        child.address()


def test_an_address_has_no_path(null_server: Child) -> None:
    scheme, _, rest = null_server.address().partition("://")
    assert scheme == "ws"
    assert rest.rpartition(":")[2].isdigit()


def test_an_answer_that_does_not_come_is_not_waited_for_without_end(null_server: Child) -> None:
    null_server.address()
    null_server._process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(RuntimeError, match=r"did not answer within 0\.2 s"):
            null_server.ask("how many?", 0.2)
    finally:
        null_server._process.send_signal(signal.SIGCONT)


def test_cores_are_busy_only_as_long_as_they_shall_be() -> None:
    before = set(psutil.Process().children())
    with busy_cores(2):
        busy = set(psutil.Process().children()) - before
        assert len(busy) == 2
        while any((machine.cpu_s(process.pid) or 0) < 0.1 for process in busy):
            time.sleep(0.01)
    assert not any(process.is_running() for process in busy)
