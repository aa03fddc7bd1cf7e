"""Tasks that never hold a call: a run with a number of calls would never come to its end."""

import functools
from typing import Any

from harness.errors import BadInput

# More in a row than chance explains where one task of a hundred calls.
MOST_IDLE = 1_000


def counted(task: Any) -> Any:
    """Return a task that fails when the user's tasks have held no call for long.

    Args:
        task: A function of the user; a `TaskSet` is returned as it is.
    """
    if isinstance(task, type) or hasattr(task, "counts_calls"):
        return task

    @functools.wraps(task)
    def run(user: Any) -> None:
        begun = user.calls_begun
        task(user)
        user.idle_tasks = 0 if user.calls_begun != begun else user.idle_tasks + 1
        if user.idle_tasks >= MOST_IDLE:
            raise BadInput(
                f"{MOST_IDLE} of its tasks in a row held no call",
                where=type(user).__name__,
                hint="Hold one with `with self.call() as call:`",
            )

    run.counts_calls = True  # type: ignore[attr-defined]
    return run
