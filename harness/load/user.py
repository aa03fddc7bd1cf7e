"""The Locust user that a scenario derives from."""

from pathlib import Path

from locust import User, constant, task
from locust.exception import StopUser

from harness.load.redacted_errors import redact_errors
from harness.load.run_controller import run_controller_of
from harness.plan import Dialogue

# From here on, since a scenario that imports this may fail before Locust has begun.
redact_errors()


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
