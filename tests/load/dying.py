"""A locustfile whose engine dies once a turn has been recorded."""

from typing import Any

import gevent
from locust import events
from locust.env import Environment

from harness.load import Dialogue, VoiceUser
from harness.load.locust_events import run_controller_of


class Caller(VoiceUser):
    dialogue = Dialogue(turns=1, think_ms=(300, 400))


def _die_later(environment: Environment, **_: Any) -> None:
    workload = run_controller_of(environment).workload
    assert workload is not None
    recorded = gevent.event.Event()
    workload.listen(lambda turns, session: recorded.set() if turns else None)
    gevent.spawn(recorded.wait).link(lambda _: setattr(workload._engine, "_lag", None))


events.test_start.add_listener(_die_later)
