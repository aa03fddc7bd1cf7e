"""The Locust user that a scenario derives from."""

from locust import User, constant, task
from locust.exception import StopUser

from harness.load.conduct import conductor_of
from harness.session import Dialogue


class VoiceUser(User):
    """A caller: holds one call after the other until there are none left.

    A scenario sets `dialogue` to say what its callers do, and may set Locust's own `wait_time`
    for the pause between calls and `weight`.
    """

    abstract = True
    wait_time = constant(0)
    dialogue = Dialogue()

    @task
    def call(self) -> None:
        """Hold one call and wait for its end; the audio runs elsewhere."""
        workload = conductor_of(self.environment).workload
        if workload is None or not workload.hold_next():
            raise StopUser
