"""Batches of records on their way from a worker to its master: numbered, and sent until taken.

A connection that breaks loses what was under way. So the master acknowledges every message, and a
worker sends again what it did not hear of. A message has a bounded number of records, and few are
under way at once; what waits is bounded in time, since a worker ends when its master is silent.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from harness.recording import Batch

Message = dict[str, Any]

# Some 700 kB of text: Locust's own messages are held up by no more.
MOST_RECORDS = 500
MOST_UNDER_WAY = 8


class Outbox:
    """A worker's side: what the master has not acknowledged, in order.

    Args:
        send: Sends one message.
        run: Which run of the master's the records belong to.
    """

    def __init__(self, send: Callable[[Message], None], run: int) -> None:
        self._send, self._run = send, run
        self._waiting: deque[Message] = deque()
        self._next = self._under_way = 0
        self._heard = False

    @property
    def empty(self) -> bool:
        """Whether the master has everything."""
        return not self._waiting

    def put(self, batch: Batch, state: Mapping[str, object]) -> None:
        """Send a batch, in as many messages as it takes.

        Args:
            batch: What was recorded.
            state: What else the master is told; it comes with the last of the messages.
        """
        parts = batch.split(MOST_RECORDS)
        for at, part in enumerate(parts, 1):
            told = dict(state) if at == len(parts) else {}
            self._waiting.append({**part.pack(), **told, "run": self._run, "number": self._next})
            self._next += 1
        self._go_on()

    def acknowledge(self, message: Mapping[str, Any]) -> None:
        """Forget what the master has taken, and send what waited for that."""
        if message.get("run") != self._run:
            return
        while self._waiting and self._waiting[0]["number"] <= int(message["number"]):
            self._waiting.popleft()
            self._under_way = max(0, self._under_way - 1)
            self._heard = True
        self._go_on()

    def send_again(self) -> None:
        """Send again what is under way, unless something was acknowledged since the last time."""
        if not self._heard:
            self._under_way = 0
            self._go_on()
        self._heard = False

    def _go_on(self) -> None:
        while self._under_way < min(MOST_UNDER_WAY, len(self._waiting)):
            message = self._waiting[self._under_way]
            self._under_way += 1
            self._send(message)


class Inbox:
    """The master's side: which messages of one run it has taken, each once and in order.

    Args:
        acknowledge: Sends an acknowledgement to a worker.
        run: The run whose records are taken.
    """

    def __init__(self, acknowledge: Callable[[str, Message], None], run: int) -> None:
        self._acknowledge, self._run = acknowledge, run
        self._next: dict[str, int] = {}

    def is_due(self, worker: str, message: Mapping[str, Any]) -> bool:
        """Return whether a message is the next of a worker's; one that came before is not."""
        if message.get("run") != self._run:
            return False
        number = int(message["number"])
        if number < self._next.get(worker, 0):
            # It had arrived, and the acknowledgement was lost.
            self._tell(worker)
        return number == self._next.get(worker, 0)

    def taken(self, worker: str) -> None:
        """Acknowledge the message that was due, which has been written."""
        self._next[worker] = self._next.get(worker, 0) + 1
        self._tell(worker)

    def _tell(self, worker: str) -> None:
        self._acknowledge(worker, {"run": self._run, "number": self._next[worker] - 1})
