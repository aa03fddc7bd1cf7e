"""How a run ends that cannot begin or cannot go on: with one line, a code and what was recorded."""

import contextlib
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from harness.errors import ExitCode, HarnessError, sanitised
from harness.model import RunEventKind

FAILED = "harness_failed"


class Failures:
    """Ends the runs of one Locust process on failures. A worker leaves it to its master.

    Args:
        environment: Locust's environment of this process.
        note: Records an event of the run, where one is recorded.

    Attributes:
        code: Exit code of the first failure of a run, 0 for none.
    """

    def __init__(self, environment: Environment, note: Callable[[RunEventKind, str], None]) -> None:
        self.code = 0
        self._environment, self._note = environment, note
        self._runner: Any = environment.runner

    def before_run(self, error: Exception) -> None:
        """Give up a run that could not be prepared, with one line."""
        if not isinstance(error, HarnessError):
            traceback.print_exception(error)
            error = HarnessError("preparing the run failed; this is our bug")
        self._give_up(error)

    @contextmanager
    def in_run(self) -> Iterator[None]:
        """End the run with one line when the block fails, whatever it fails with."""
        try:
            yield
        except HarnessError as error:
            self._abort(error)
        except Exception as error:
            words = f"the run could not go on: {sanitised(repr(error))}"
            self._abort(HarnessError(words, hint="This is our bug; what was recorded stays"))

    def of_worker(self, environment: Environment, msg: Any) -> None:
        """End the run because a worker cannot begin or go on with its part."""
        error = HarnessError(str(msg.data.get("text", "a worker failed")))
        error.exit_code = ExitCode(int(msg.data.get("exit_code", ExitCode.BUG)))
        if msg.data.get("begun"):
            self._abort(error)
        else:
            self._give_up(error)

    def report(self, error: HarnessError) -> None:
        """Print and record why a run that has begun does not go on; the caller ends it."""
        self.code = self.code or int(error.exit_code)
        print(f"harness: {error}", file=sys.stderr, flush=True)
        with contextlib.suppress(HarnessError):
            self._note(RunEventKind.ABORTED, str(error))

    def quit(self) -> None:
        """End the run; on the web page the process stays for the next one."""
        if self._environment.web_ui is not None:
            self._runner.stop()
        else:
            self._runner.quit()

    def _abort(self, error: HarnessError) -> None:
        """End a run that has begun and cannot go on; what was recorded stays and is reported."""
        if self.code:
            return
        self.code = int(error.exit_code)
        if isinstance(self._runner, WorkerRunner):
            self._send(error, begun=True)
            return
        self.report(error)
        gevent.spawn(self.quit)

    def _give_up(self, error: HarnessError) -> None:
        """End a run that never began."""
        if isinstance(self._runner, WorkerRunner):
            self._send(error, begun=False)
            return
        print(f"harness: {error}", file=sys.stderr, flush=True)
        # Locust's empty tables would hide the one line that matters.
        logging.getLogger("locust.stats_logger").disabled = True
        self.code = self.code or int(error.exit_code)
        self._environment.process_exit_code = self.code
        gevent.spawn(self.quit)

    def _send(self, error: HarnessError, *, begun: bool) -> None:
        message = {"text": str(error), "exit_code": int(error.exit_code), "begun": begun}
        self._runner.send_message(FAILED, message)
