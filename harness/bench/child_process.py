"""Processes that are measured or measured against: started, asked, ended."""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from harness import environment
from harness.bench import machine

_START_LIMIT_S = 60.0
_ANSWER_LIMIT_S = 120.0
_END_LIMIT_S = 10.0
# From linux/prctl.h.
_PARENT_DEATH_SIGNAL = 1
_LISTENING = "listening on "


class Child:
    """A Python module in a process of its own, that ends when its standard input does.

    Args:
        words: What follows `python -m`.
        core: Core it is kept on, `None` for any.
    """

    def __init__(self, *words: str, core: int | None = None) -> None:
        self._name = words[0]
        # A session of its own: Ctrl-C is for us, and we end what we started.
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment.for_child(),
            start_new_session=True,
        )
        if core is not None:
            machine.pin(self._process.pid, core)

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def address(self) -> str:
        """Return where a server listens, once it does, without a path."""
        line = self._line(_START_LIMIT_S)
        if not line.startswith(_LISTENING):
            raise RuntimeError(f"{self._name} said {line!r} in place of its address")
        scheme, _, rest = line.removeprefix(_LISTENING).strip().partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    def ask(self, question: object, limit_s: float = _ANSWER_LIMIT_S) -> dict[str, Any]:
        """Send one line and return the JSON object that answers it.

        Args:
            question: The line.
            limit_s: How long to wait for the answer.

        Raises:
            RuntimeError: The process ended, or does not answer.
        """
        assert self._process.stdin is not None
        try:
            print(question, file=self._process.stdin, flush=True)
        except BrokenPipeError as error:
            raise RuntimeError(f"{self._name} ended before it was asked") from error
        answer = json.loads(self._line(limit_s))
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        """End the process, by force if it takes too long."""
        try:
            self._process.communicate(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _line(self, limit_s: float) -> str:
        stdout = self._process.stdout
        assert stdout is not None
        # One line is asked for at a time, so nothing can be waiting in the text buffer.
        ready, _, _ = select.select([stdout], [], [], limit_s)
        line = stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"{self._name} ended or did not answer within {limit_s:g} s")
        return line


def end_with_parent() -> None:
    """Have Linux kill this process when the one that started it is gone, however it ended."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        # It may have gone before this was asked for.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Keep so many cores busy; which ones is the system's choice, as of any other program."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Child("harness.bench.busy_loop"))
        yield
