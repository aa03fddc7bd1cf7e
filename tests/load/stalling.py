"""A locustfile whose generator stalls for 80 ms in the middle of the run."""

import time
from typing import Any

import gevent
from locust import events
from locust.env import Environment

from harness.load import Dialogue, VoiceUser
from harness.load.locust_events import run_controller_of


class Caller(VoiceUser):
    dialogue = Dialogue(turns=1, think_ms=(300, 400))


def _stall_later(environment: Environment, **_: Any) -> None:
    def stall() -> None:
        workload = run_controller_of(environment).workload
        assert workload is not None
        workload._engine._from_outside(time.sleep, 0.08)

    gevent.spawn_later(1.5, stall)


events.test_start.add_listener(_stall_later)
