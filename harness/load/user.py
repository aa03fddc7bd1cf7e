"""The Locust user that a scenario derives from."""

import sys
from pathlib import Path
from types import TracebackType

from locust import User, constant, task
from locust.exception import StopUser

from harness.errors import HarnessError, redacted
from harness.load.run_controller import run_controller_of
from harness.plan import Dialogue


class VoiceUser(User):
    """A caller: holds one call after the other until there are none left.

    A scenario sets `dialogue` to say what its callers do, or `script`, the TOML file of a dialogue,
    to say it turn by turn. It may set `network` to say through which networks they call, such as
    `"lte_poor=3,wifi_good=1"`. The command line goes before both. Locust's own `wait_time` is the
    pause between calls, and `weight` what it always was.
    """

    abstract = True
    wait_time = constant(0)
    dialogue = Dialogue()
    script: Path | None = None
    network = ""

    @task
    def call(self) -> None:
        """Hold one call and wait for its end; the audio runs elsewhere."""
        workload = run_controller_of(self.environment).workload
        if workload is None or not workload.hold_next():
            raise StopUser


def _in_one_line(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say what is wrong with a scenario that plain `locust -f` is loading, without a traceback."""
    if isinstance(error, HarnessError):
        print(f"harness: {redacted(str(error))}", file=sys.stderr)
        raise SystemExit(int(error.exit_code))
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _in_one_line
