"""The Locust user that a scenario derives from."""

from pathlib import Path
from typing import Any

from locust import User, constant, task
from locust.exception import StopUser

from harness.load.locust_events import run_controller_of
from harness.load.redacted_output import redact_output
from harness.load.scenario import check_attributes
from harness.plan import Dialogue

# From here on, since a scenario that imports this may fail before Locust has begun.
redact_output()


class VoiceUser(User):
    """A caller: holds calls one after another until the run has none left for its class.

    Options on the command line override these attributes. Locust's own `wait_time` is the pause
    between calls, `weight` the share of callers and of calls among several classes, and
    `fixed_count` a number of callers in place of a share.

    Attributes:
        dialogue: Turns per call and the pauses before them.
        script: Dialogue script that replaces `dialogue`: a TOML file, or the name of a shipped
            one; `None` for none.
        network: Network profiles of the calls, such as `"lte_poor=3,wifi_good=1"`; empty for none.
        arrivals: When calls begin under an open load, such as `"30/min"`, the same for all classes
            of a scenario; empty for a closed one.
        agent_speaks_first: Callers wait for the end of the agent's greeting before they speak.
        agent_speaks_first: Callers hear out the agent's greeting before they speak.
        session: The session to ask for, merged over the defaults and sent as it is: an object in
            the words of the API's `session.update`, or the path of a JSON or TOML file.
    """

    abstract = True
    wait_time = constant(0)
    dialogue = Dialogue()
    script: Path | None = None
    network = ""
    arrivals = ""
    agent_speaks_first = False
    session: dict[str, Any] | str | Path | None = None

    def __init_subclass__(cls, **words: Any) -> None:
        """Refuse attributes that say nothing.

        Raises:
            BadInput: One is misspelt or of the wrong type.
        """
        super().__init_subclass__(**words)
        check_attributes(cls.__name__, vars(cls))

    @task
    def hold_planned_call(self) -> None:
        """Hold one call and wait for its end; the audio runs elsewhere."""
        controller = run_controller_of(self.environment)
        workload = controller.workload
        if workload is not None and workload.hold_next(type(self).__name__):
            return
        if workload is not None:
            self._stand_in()
        raise StopUser

    def _stand_in(self) -> None:
        """Hold calls of classes that this process has calls of and no caller.

        Locust spreads users over processes as it likes, and calls are shared out before that.
        """
        controller = run_controller_of(self.environment)
        for user_class in controller.callers.unstaffed():
            workload = controller.workload
            if workload is not None and workload.left_of(user_class):
                known = self.environment.user_classes_by_name
                known[user_class](self.environment).run()
