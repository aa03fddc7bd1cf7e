"""A whole run under Locust in a process of its own, started as `harness run` starts one.

Locust's users, the records that are written, the live view on a terminal: everything is there. Only
the report is not made, since nobody waits for it: two signals end the run.
"""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from harness.bench import machine
from harness.clock import now_ns
from harness.environment import for_child, without_settings_of
from harness.errors import ExitCode
from harness.model import NS_PER_S

SCENARIO = Path(__file__).with_name("steady_callers.py")
_END_LIMIT_S = 15.0
# Between two signals: records are written after the first, and the second spares the report.
_BETWEEN_SIGNALS_S = 0.3
_LAST_READS, _READ_BYTES = 5, 4096
_POLL_S = 0.05


class LocustRun:
    """One run, from entering it until leaving it.

    Args:
        host: Address of the server.
        sessions: How many callers.
        ramp_s: In how many seconds they begin.
        folder: An empty folder for the records.
        options: Further words of the command line.
        core: Core the process is kept on, `None` for any.
        scenario: Its file.
    """

    def __init__(
        self,
        host: str,
        sessions: int,
        *,
        ramp_s: float,
        folder: Path,
        options: Sequence[str] = (),
        core: int | None = None,
        scenario: Path = SCENARIO,
    ) -> None:
        self._words = [sys.executable, "-m", "harness.load.locust_process", "-f", str(scenario)]
        self._words += ["--headless", "--loglevel", "WARNING", "--live-line"]
        self._words += ["--users", f"{sessions}", "--spawn-rate", f"{sessions / ramp_s:.3f}"]
        self._words += ["--host", host, "--run-dir", str(folder), "--drain-s", "0", *options]
        self._core = core
        self._process: subprocess.Popen[bytes] | None = None
        self._shown: deque[bytes] = deque(maxlen=_LAST_READS)

    def __enter__(self) -> "LocustRun":
        # The live line is rewritten four times a second on a terminal, and seldom elsewhere.
        ours, theirs = pty.openpty()
        _, taken = without_settings_of("LOCUST_")
        variables = {name: value for name, value in for_child().items() if name not in taken}
        try:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=theirs,
                env=variables,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        if self._core is not None:
            machine.pin(self._process.pid, self._core)
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def check(self) -> None:
        """Refuse a run that has ended by itself.

        Raises:
            RuntimeError: It has; the message holds what it said last.
        """
        if self._process is None or self._process.poll() is None:
            return
        raise RuntimeError(f"the run under Locust ended by itself and said last: {self._said()}")

    def finish(self, limit_s: float) -> None:
        """Wait until a run of so many calls has ended by itself.

        Raises:
            RuntimeError: It held no calls, or has not ended in time.
        """
        assert self._process is not None
        try:
            code = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"the run under Locust did not end within {limit_s:g} s") from None
        self._reader.join(_END_LIMIT_S)
        if code not in (ExitCode.PASS, ExitCode.INVALID):
            raise RuntimeError(f"the run under Locust ended with {code}, saying: {self._said()}")

    def _said(self) -> str:
        text = b"".join(self._shown).decode("utf-8", "replace")
        lines = [line.strip() for line in text.replace("\r", "\n").splitlines()]
        return next((line for line in reversed(lines) if line), "nothing")

    def end(self) -> None:
        """End the run with all its records written; idempotent."""
        process, limit_s = self._process, _BETWEEN_SIGNALS_S
        if process is None:
            return
        for _ in range(2):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(limit_s)
                break
            except subprocess.TimeoutExpired:
                limit_s = _END_LIMIT_S
        else:
            process.kill()
            process.wait()
        self._reader.join(_END_LIMIT_S)
        self._process = None

    def _read(self, terminal: int) -> None:
        """Take what is shown until the other end of the terminal is closed."""
        try:
            while select.select([terminal], [], []) and (shown := os.read(terminal, _READ_BYTES)):
                self._shown.append(shown)
        except OSError:
            pass  # the way in which Linux tells that the other end is closed
        finally:
            os.close(terminal)


def wait_for(run: LocustRun, done: Callable[[], bool], limit_s: float) -> None:
    """Wait until something has happened while a run goes on, or until it has been long enough.

    Raises:
        RuntimeError: The run ended by itself.
    """
    give_up_ns = now_ns() + round(limit_s * NS_PER_S)
    while not done() and now_ns() < give_up_ns:
        run.check()
        time.sleep(_POLL_S)
