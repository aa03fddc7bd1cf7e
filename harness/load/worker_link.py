"""A worker's connection with its master: what it is to hold and do, and what it recorded."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from locust.exception import RPCError

from harness.load.delivery import Message, Outbox
from harness.load.share import Share
from harness.load.worker_pool import ARRIVE, BATCH, HURRY, SHARE, STOP, TAKEN
from harness.recording import Batch

# A master that is not overloaded acknowledges within some milliseconds.
_AGAIN_S = 2.0


class WorkerLink:
    """Messages from and to the master of one worker, over as many runs as there are.

    Args:
        runner: Locust's worker runner.
        arrive: Called with the instant that planned starts count from, in ns since run start.
        stop: Called, in a greenlet of its own, when the run ends.
        hurry: Called likewise, when it ends at once.

    Attributes:
        share: Which calls are this worker's; `None` where the run was shared out without it.
        parts: What the master has, by name, that workers must have alike.
    """

    def __init__(
        self,
        runner: Any,
        *,
        arrive: Callable[[int], None],
        stop: Callable[[], None],
        hurry: Callable[[], None],
    ) -> None:
        self.share: Share | None = None
        self.parts: dict[str, str] = {}
        self._runner = runner
        self._outbox: Outbox | None = None

        def listen(kind: str, call: Callable[[Any], None], *, concurrent: bool = False) -> None:
            runner.register_message(
                kind, lambda environment, msg: call(msg.data), concurrent=concurrent
            )

        listen(SHARE, self._share_came)
        listen(TAKEN, self._taken)
        listen(ARRIVE, lambda data: arrive(int(data["after_ns"])))
        listen(STOP, lambda data: stop(), concurrent=True)
        listen(HURRY, lambda data: hurry(), concurrent=True)
        gevent.spawn(self._send_again)

    def send(self, batch: Batch, *, idle: bool, last: bool, open_calls: int, callers: int) -> None:
        """Hand in what was recorded.

        Args:
            batch: The records.
            idle: All calls of the share have ended.
            last: There will be no more.
            open_calls: Calls that are open.
            callers: The most callers there have been.
        """
        if self._outbox is not None:
            state = {"idle": idle, "last": last, "open": open_calls, "callers": callers}
            self._outbox.put(batch, state)

    def _share_came(self, data: Any) -> None:
        self.share = Share.unpack(data)
        self.parts = data.get("parts", {})
        self._outbox = Outbox(self._post, data.get("run", 0))

    def _post(self, message: Message) -> None:
        # On a connection that is broken it is lost like one under way, and sent again.
        with suppress(RPCError):
            self._runner.send_message(BATCH, message)

    def _taken(self, data: Any) -> None:
        if self._outbox is not None:
            self._outbox.acknowledge(data)

    def _send_again(self) -> None:
        while True:
            gevent.sleep(_AGAIN_S)
            if self._outbox is not None:
                self._outbox.send_again()
