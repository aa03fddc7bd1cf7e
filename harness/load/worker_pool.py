"""The master's side of a distributed run: shares out, records in, and workers that were lost."""

import sys
from collections.abc import Mapping
from typing import Any

import gevent
import psutil

from harness.clock import now_ns
from harness.load import live
from harness.load.class_schedule import Calls
from harness.load.delivery import Inbox
from harness.load.run_writer import RunWriter
from harness.load.share import Share
from harness.load.worker_roster import WorkerRoster
from harness.model import NS_PER_S, RunEventKind
from harness.recording import Batch

STOP, HURRY, SHARE = "harness_stop", "harness_hurry", "harness_share"
ARRIVE, BATCH, TAKEN = "harness_arrive", "harness_batch", "harness_taken"
# Locust's names of states: importing them would patch the whole process.
READY, MISSING, HOLDING = "ready", "missing", ("spawning", "running")
_POLL_S = 0.05
# Locust misses a worker after three seconds without a heartbeat, and one that is only busy comes
# back. One that this master forked and that has ended does not.
_MISSING_LIMIT_NS = 10 * NS_PER_S
# A worker that is still preparing receives no messages, and has nothing to hand in.
_PREPARING_LIMIT_NS = 2 * NS_PER_S
# How long turns in progress may go on in a run that is not whole.
_DRAIN_LIMIT_NS = 5 * NS_PER_S


class WorkerPool:
    """Workers that hold the calls of one run.

    Args:
        runner: Locust's master runner.
        writer: Where the run is recorded.
        schedule: The calls.
        parts: What workers must have alike, by name.
    """

    def __init__(
        self, runner: Any, writer: RunWriter, schedule: Calls, parts: Mapping[str, str]
    ) -> None:
        self._runner, self._writer, self._schedule = runner, writer, schedule
        self._missing_ns: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._callers: dict[str, int] = {}
        self._inbox = Inbox(
            lambda worker, message: runner.send_message(TAKEN, message, worker), writer.origin_ns
        )
        self._forked = forked_workers()
        self._stopping = self._unimpaired = False
        clients = sorted(runner.clients)
        shares = {
            client: Share(
                origin_ns=writer.origin_ns,
                slot=slot,
                slots=len(clients),
                callers=runner.target_user_count,
            )
            for slot, client in enumerate(clients)
        }
        self._roster = WorkerRoster(shares, schedule.options.calls)
        for client, share in shares.items():
            told = {**share.pack(), "parts": dict(parts), "run": writer.origin_ns}
            runner.send_message(SHARE, told, client)

    def take(self, worker: str, message: Any) -> None:
        """Record a worker's batch, and acknowledge it.

        One that came before is not recorded again, and none of a worker that was given up.

        Raises:
            RunInvalid: The files cannot be written any more.
        """
        if not self._inbox.is_due(worker, message):
            return
        if self._roster.is_lost(worker):
            # Its calls have been recorded as dropped: what still comes would be a second record.
            self._inbox.taken(worker)
            return
        batch = Batch.unpack(message)
        idle, last = bool(message.get("idle")), bool(message.get("last"))
        # A worker that is ended from outside sends its last batch in the middle of the run.
        lost = last and not self._stopping and self._runner.state in HOLDING
        if "open" in message:
            self._open[worker] = 0 if last else int(message["open"])
            self._callers[worker] = int(message["callers"])
        self._roster.note(worker, batch, idle=idle and not lost, last=last and not lost)
        live.print_events(batch.events)
        self._unimpaired |= any(e.kind is RunEventKind.TOXIPROXY_LOST for e in batch.events)
        try:
            self._writer.write(batch)
        finally:
            self._inbox.taken(worker)

    def arrive(self, after_ns: int) -> None:
        """Have the workers begin planned calls.

        Args:
            after_ns: What planned starts count from, since run start.
        """
        self._runner.send_message(ARRIVE, {"after_ns": after_ns})

    def wait_until_done(self) -> None:
        """Return when every worker has held its calls, or one was lost or lost its network.

        What the others would still hold would not be the load that was asked for.
        """
        while not (self._roster.idle or self._unimpaired) and self._roster.whole:
            gevent.sleep(_POLL_S)
            self._note_lost(self._heard())

    def collect(self, limit_s: float) -> None:
        """Have every worker stop, and wait for what it still has to send."""
        self._stopping = True
        self._runner.send_message(STOP)
        began_ns, preparing, hurried = now_ns(), False, False
        with gevent.Timeout(limit_s, False):
            while not self._roster.collected and not preparing:
                self._note_lost(self._heard())
                gevent.sleep(_POLL_S)
                waited_ns = now_ns() - began_ns
                whole = self._roster.whole and not self._unimpaired
                if waited_ns > _DRAIN_LIMIT_NS and not whole and not hurried:
                    hurried = True
                    self.hurry()
                preparing = waited_ns > _PREPARING_LIMIT_NS and self._roster.preparing
        self._note_lost(self._heard() if preparing else set())
        if not self._roster.whole:
            limit_ms = self._schedule.options.limit_s * 1000
            self._writer.write(Batch(turns=self._roster.unbegun(self._schedule.call, limit_ms)))

    @property
    def open_calls(self) -> int:
        """How many calls the workers had open by their last reports."""
        heard = self._runner.clients
        return sum(count for worker, count in self._open.items() if worker in heard)

    @property
    def callers(self) -> int:
        """The most callers that workers have had, by their last reports."""
        return sum(self._callers.values())

    @property
    def silent(self) -> bool:
        """Whether no worker sends heartbeats, for which Locust stops a run by itself."""
        states = [worker.state for worker in self._runner.clients.values()]
        return bool(states) and all(state == MISSING for state in states)

    def hurry(self) -> None:
        """Have every worker send at once what it has recorded, and cut off its calls."""
        self._runner.send_message(HURRY)

    def _heard(self) -> set[str]:
        """Return the workers that are there, or have been missing too briefly to tell."""
        limit_ns = 0 if any(not is_alive(child) for child in self._forked) else _MISSING_LIMIT_NS
        heard = set()
        for name in self._runner.clients:
            if self._runner.clients[name].state != MISSING:
                self._missing_ns.pop(name, None)
                heard.add(name)
            elif now_ns() - self._missing_ns.setdefault(name, now_ns()) < limit_ns:
                heard.add(name)
        return heard

    def _note_lost(self, heard: set[str]) -> None:
        """Record workers that ended without their last batch, and their calls as dropped."""
        limit_ms = self._schedule.options.limit_s * 1000
        for words, turns in self._roster.newly_lost(heard, self._schedule.call, limit_ms):
            print(f"harness: {words}", file=sys.stderr, flush=True)
            self._writer.note(RunEventKind.WORKER_LOST, words)
            self._writer.write(Batch(turns=turns))


def forked_workers() -> list[psutil.Process]:
    """Return the processes that this one forked as workers; none where they came by themselves."""
    own = psutil.Process()
    return [child for child in own.children() if is_alive(child) and _same_program(own, child)]


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process still runs; one that has ended and was not waited for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def is_stopped(process: psutil.Process) -> bool:
    """Return whether a process was suspended from outside, perhaps for good."""
    try:
        return bool(process.status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def _same_program(own: psutil.Process, child: psutil.Process) -> bool:
    """Return whether a process is a fork of this one: only a fork has our command line."""
    try:
        return bool(own.cmdline() == child.cmdline())
    except psutil.Error:
        return False
