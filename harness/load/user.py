"""The Locust user that a scenario derives from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from locust import User, constant, task
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)

from harness.errors import BadInput
from harness.load.idle_tasks import counted
from harness.load.locust_events import run_controller_of
from harness.load.reacting_call import CallEnded, ReactingCall
from harness.load.redacted_output import redact_output
from harness.load.scenario import check_attributes
from harness.plan import Dialogue
from harness.plan.tools import Tool

# From here on, since a scenario that imports this may fail before Locust has begun.
redact_output()

# What tasks raise to steer Locust.
_LOCUSTS_OWN = (
    StopUser,
    StopTest,
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
)


class VoiceUser(User):
    """A caller: holds calls one after another until the run has none left for its class.

    Options on the command line override these attributes. Locust's own `wait_time` is the pause
    between calls, `weight` the share of callers and of calls among several classes, and
    `fixed_count` a number of callers in place of a share.

    Attributes:
        dialogue: Turns per call and the pauses before them.
        script: Dialogue script that replaces `dialogue`: a TOML file, or the name of a shipped
            one; `None` for none.
        corpus: What its callers say: a corpus name, a folder of recordings or a manifest; `None`
            for the default.
        host: What its callers call: an address, or the name of a target in `harness.toml`; `None`
            for the one of `--host`, which takes precedence.
        dialect: What is spoken there; empty for what the vendor speaks whose host it is, else the
            default.
        model: Model to ask for; empty for the dialect's default.
        key_variable: Environment variable that holds the key; empty for the dialect's own.
        network: Network profiles of the calls, such as `"lte_poor=3,wifi_good=1"`; empty for none.
        arrivals: When calls begin under an open load, such as `"30/min"`, the same for all classes
            of a scenario; empty for a closed one.
        agent_speaks_first: Callers hear out the agent's greeting before they speak.
        session: The session to ask for, merged over the defaults and sent as it is: an object in
            the words of the API's `session.update`, or the path of a JSON or TOML file.
        after_no_answer: What callers do after a turn without an answer: `"go_on"`, or `"hang_up"`.
        tools: The tools that the caller's application offers: names, or a `Tool` that says how it
            answers.
        reacts: Tasks of the class's own lead its calls, by `call`; set by itself.
        told_error: What a task raised last in a call, which is recorded there.
        calls_begun: Calls that its tasks have held.
        idle_tasks: Tasks in a row that held none.
    """

    abstract = True
    wait_time = constant(0)
    dialogue = Dialogue()
    script: Path | None = None
    corpus: str | Path | None = None
    dialect = ""
    model = ""
    key_variable = ""
    network = ""
    arrivals = ""
    agent_speaks_first = False
    session: dict[str, Any] | str | Path | None = None
    after_no_answer = "go_on"
    tools: Sequence[str | Tool] = ()
    reacts = False
    told_error: Exception | None = None
    calls_begun = 0
    idle_tasks = 0

    def __init_subclass__(cls, **words: Any) -> None:
        """Refuse attributes that say nothing; tasks of its own lead the calls of a class.

        Raises:
            BadInput: One is misspelt or of the wrong type.
        """
        super().__init_subclass__(**words)
        check_attributes(cls.__name__, vars(cls))
        own = [one for one in cls.tasks if one is not VoiceUser.hold_planned_call]
        if own:
            cls.tasks, cls.reacts = [counted(one) for one in own], True

    @contextmanager
    def call(self, *, most_turns: int | None = None) -> Iterator[ReactingCall]:
        """Hold the next call, which the block leads; at its end the caller hangs up.

        A block that raises ends this call only, which is recorded as ours. There is no block to
        enter once the run has no calls left: the user stops.

        Args:
            most_turns: A call of more turns fails a check and ends; `None` for as many as come.
        """
        workload = run_controller_of(self.environment).workload
        if workload is None:
            raise StopUser
        call = workload.begin_reacting(type(self).__name__, most_turns)
        self.calls_begun += 1
        if call is None:
            self._stand_in()
            raise StopUser
        try:
            yield call
            call.hang_up()
        except CallEnded:
            call.hang_up()
        except _LOCUSTS_OWN:
            call.hang_up()
            raise
        except Exception as error:
            self.told_error = error
            if isinstance(error, BadInput):
                workload.fail(error)
            call.give_up(error)
            raise
        finally:
            workload.leave(call)

    @task
    def hold_planned_call(self) -> None:
        """Hold one call and wait for its end; the audio runs elsewhere."""
        controller = run_controller_of(self.environment)
        workload = controller.workload
        if type(self).reacts:
            raise BadInput(
                "has tasks of its own, which lead its calls",
                where=type(self).__name__,
                hint="Say what is said in them, or leave them out",
            )
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
