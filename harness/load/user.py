"""The Locust user that a scenario derives from."""

from pathlib import Path

from locust import User, constant, task
from locust.exception import StopUser

from harness.load.locust_events import run_controller_of
from harness.load.redacted_output import redact_output
from harness.plan import Dialogue

# From here on, since a scenario that imports this may fail before Locust has begun.
redact_output()


class VoiceUser(User):
    """A caller: holds calls one after another until the run has none left.

    Options on the command line win over these attributes. Locust's own `wait_time` is the pause
    between calls, and `weight` the share among several users.

    Attributes:
        dialogue: Turns per call and the pauses before them.
        script: Dialogue script that replaces `dialogue`: a TOML file, or the name of a shipped
            one; `None` for none.
        network: Network profiles of the calls, such as `"lte_poor=3,wifi_good=1"`; empty for none.
        agent_speaks_first: Callers hear out the agent's greeting before they speak.
    """

    abstract = True
    wait_time = constant(0)
    dialogue = Dialogue()
    script: Path | None = None
    network = ""
    agent_speaks_first = False

    @task
    def call(self) -> None:
        """Hold one call and wait for its end; the audio runs elsewhere."""
        workload = run_controller_of(self.environment).workload
        if workload is None or not workload.hold_next():
            raise StopUser
