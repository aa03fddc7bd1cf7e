"""Locust's users as the callers of a run: how many there are, of which classes, and where."""

from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerRunner

from harness.errors import BadInput
from harness.load.open_files import callers_of_one
from harness.load.options import Options
from harness.load.share import Share
from harness.load.workload import Workload

_POLL_S = 0.05
_OVER = ("stopping", "stopped", "cleanup")
# Preparing a worker takes as long as measuring its networks; callers that broke never come.
_REPORTED_LIMIT_S = 300


class LocustCallers:
    """The callers of one Locust process.

    Args:
        environment: Locust's environment of this process.

    Attributes:
        most: The most callers that there have been at once in this run.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._runner: Any = environment.runner
        self.most = 0
        self._calls: int | None = None

    def begin(self, calls: int | None) -> None:
        """Count for another run.

        Args:
            calls: Calls of the run, `None` when time decides.
        """
        self.most, self._calls = 0, calls

    def count(self) -> None:
        """Note how many callers there are; called some twenty times a second."""
        self.most = max(self.most, self._runner.user_count)

    def missing(self) -> str:
        """Return in words that there were never as many callers as asked for; empty if there were.

        Where there are fewer calls than callers, as many as calls are enough. A shape changes the
        number while it goes on, and is not judged.
        """
        asked = self.of_run(None)
        wanted = asked if self._calls is None else min(asked, self._calls)
        if self._environment.shape_class is not None or self.most >= wanted:
            return ""
        return f"at most {self.most} of the {asked} callers asked for"

    def of_run(self, share: Share | None) -> int:
        """Return how many callers all processes have together, as far as Locust knows yet.

        Args:
            share: This process's share of the calls, where a master gave it one.
        """
        if share is not None and share.callers:
            return share.callers
        options: Any = self._environment.parsed_options
        return int(getattr(self._runner, "target_user_count", 0) or options.num_users or 1)

    def of_process(self, share: Share | None) -> int:
        """Return how many calls this process may hold at once, as far as Locust knows yet."""
        options: Any = self._environment.parsed_options
        users = int(getattr(self._runner, "target_user_count", 0) or options.num_users or 1)
        users = max(users, int(getattr(self._environment.shape_class, "peak", 0)))
        if isinstance(self._runner, MasterRunner):
            return callers_of_one(users, self._runner.worker_count)
        if isinstance(self._runner, WorkerRunner) and share is not None:
            return callers_of_one(users, share.slots)
        return users

    def unstaffed(self) -> list[str]:
        """Return the user classes that this process has no caller of, once all have started."""
        self.wait_while_starting()
        if self._runner.state != STATE_RUNNING:
            return []
        counts = self._runner.user_classes_count
        return [user.__name__ for user in self._runner.user_classes if not counts[user.__name__]]

    def wait_while_starting(self) -> None:
        """Return when Locust starts no more callers for now."""
        while self._runner.state == STATE_SPAWNING:
            gevent.sleep(_POLL_S)

    def wait_until_started(self) -> bool:
        """Return when all callers have started, with `False` when the run has ended before."""
        while self._runner.state not in (STATE_RUNNING, *_OVER):
            gevent.sleep(_POLL_S)
        # A master says that all have started although workers that still prepare have none yet.
        with gevent.Timeout(_REPORTED_LIMIT_S, False):
            while self._runner.user_count < self._runner.target_user_count:
                if self._runner.state in _OVER:
                    break
                gevent.sleep(_POLL_S)
        return bool(self._runner.state == STATE_RUNNING)

    def are_gone(self, workload: Workload) -> bool:
        """Return whether users were started and none makes calls, though calls are left."""
        runner = self._runner
        started = runner.state == STATE_RUNNING and runner.target_user_count > 0
        callers = sum(
            runner.user_classes_count[user.__name__]
            for user in runner.user_classes
            if hasattr(user, "dialogue")
        )
        return started and not (callers or workload.active or workload.exhausted)

    def refuse_idle_workers(self, options: Options) -> None:
        """Refuse fewer callers than workers: the calls of those without one would not be made.

        Raises:
            BadInput: There are.
        """
        users, workers = self._runner.target_user_count, self._runner.worker_count
        limited = options.calls is not None or bool(options.arrivals)
        if limited and users < workers and self._environment.shape_class is None:
            raise BadInput(
                f"{workers} processes share {users} callers, so that some would make no calls",
                where="--users",
                hint="Start a caller for every process, or fewer processes",
            )
