"""How a run goes under Locust: prepare, begin, watch, end, in one process or in many.

Locust has three kinds of process. A *local* one holds calls and writes the run directory. With
`--processes` or `--worker` the two parts separate: *workers* hold calls and send what they
recorded, the *master* writes it down. The parts are `workload` and `writer`; a local process has
both. Messages between master and workers keep their order, so when a worker has said that it
stopped, everything it recorded has arrived.
"""

import logging
import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
from locust import events
from locust.env import Environment
from locust.runners import STATE_STOPPED, MasterRunner, WorkerRunner

from harness.clock import now_ns, wall_time
from harness.engine.engine import AudioEngine
from harness.engine.preflight import refusal, try_session
from harness.environment import conceal_secrets
from harness.errors import ExitCode, HarnessError, RedactedStream, sanitised
from harness.load import live
from harness.load.options import DIRECT, Options, add_arguments, read_options
from harness.load.run_setup import (
    Schedule,
    make_schedule,
    resolve_corpus,
    resolve_dialect,
    resolve_profiles,
    route_to_target,
)
from harness.load.run_writer import RunWriter
from harness.load.workload import Share, Workload
from harness.model import NS_PER_S, RunEventKind
from harness.plan import Dialogue
from harness.recording import Batch

_POLL_S = 0.05
_WRITE_EVERY_NS = 1 * NS_PER_S
_BATCH, _SHARE, _FAILED = "harness_batch", "harness_share", "harness_failed"
_STOP = "harness_stop"
# Beyond its drain time a worker that is alive needs no longer than this to send its last batch.
_LAST_BATCH_LIMIT_S = 15.0
# Clocks of two machines started at different times: beyond this, origins are not comparable.
_SAME_CLOCK_S = 5.0


class RunController:
    """One Locust process's part in runs; Locust's events call its methods.

    Args:
        environment: Locust's environment of this process.
    """

    def __init__(self, environment: Environment) -> None:
        self.workload: Workload | None = None
        self._draining: Workload | None = None
        self._interrupts = 0
        self._environment = environment
        self._runner: Any = environment.runner
        self._writer: RunWriter | None = None
        self._share: Share | None = None
        self._watcher: gevent.Greenlet | None = None
        self._idle_workers: set[str] = set()
        self._ended_workers: set[str] = set()
        self._sharing: set[str] = set()
        self._drain_s = 0.0
        self._progress = live.Steps()
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(_BATCH, self._batch_came)
            self._runner.register_message(_FAILED, self._worker_failed)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.register_message(_SHARE, self._share_came)
            self._runner.register_message(_STOP, self._stop_came, concurrent=True)

    def start(self) -> None:
        """Prepare and begin a run; a run that cannot be made ends the process with one line."""
        self._environment.process_exit_code = None
        self._interrupts = 0
        self._heed_interrupts()
        try:
            self._prepare()
        except HarnessError as error:
            self._give_up(error)
        except Exception:
            traceback.print_exc()
            self._give_up(HarnessError("preparing the run failed; this is our bug"))

    def stop(self) -> None:
        """Drain, write what is left, and report."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher = None
        workload, self.workload = self.workload, None
        if workload is not None:
            self._draining = workload
            workload.drain()
            workload.stop()
            self._draining = None
            self._hand_in(workload.take_batch(), idle=True, last=True)
        if isinstance(self._runner, MasterRunner) and self._writer is not None:
            self._collect(self._writer)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.note(RunEventKind.FINISHED)
            self._environment.process_exit_code = writer.report()

    def interrupted(self) -> None:
        """Stop a run that still goes on when the process is about to end."""
        if self._writer is not None and self._runner.state != STATE_STOPPED:
            if not self._interrupts:
                self._writer.note(RunEventKind.INTERRUPTED, "stopped before its calls had ended")
            self._runner.stop()
        elif self.workload is not None:
            self.stop()

    def _heed_interrupts(self) -> None:
        """Take Ctrl-C as a word, not as an exception in whichever greenlet happens to run.

        The first one drains, the second cuts off. Workers that the master forked get the
        terminal's Ctrl-C too, and leave it to the master. On the web page Locust's own way stays.
        """
        if isinstance(self._runner, WorkerRunner):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        elif self._environment.web_ui is None:
            signal.signal(signal.SIGINT, lambda *_: gevent.spawn(self._interrupt))

    def _interrupt(self) -> None:
        if self._interrupts:
            if self._draining is not None:
                self._draining.hurry()
            return
        self._interrupts += 1
        if self._writer is not None:
            self._writer.note(RunEventKind.INTERRUPTED, "stopped before its calls had ended")
        self._runner.quit()

    def _prepare(self) -> None:
        parsed = self._environment.parsed_options
        assert parsed is not None
        options = read_options(parsed, self._environment.host, self._network())
        if options.dialogue is None:
            options = replace(options, dialogue=self._script())
        self._drain_s = options.drain_s
        # What can be refused without opening anything comes first.
        route_to_target(options, resolve_dialect())
        resolve_profiles(options)
        corpus = resolve_corpus(options, self._progress)
        schedule = make_schedule(options, self._dialogue(options), corpus)
        if isinstance(self._runner, MasterRunner):
            self._visit(options)
            self._writer = self._new_writer(options, schedule, corpus)
            self._idle_workers.clear()
            self._ended_workers.clear()
            self._share_out(self._writer.origin_ns)
            return
        workload = Workload(options, schedule, corpus, self._progress)
        self.workload = workload
        is_worker = isinstance(self._runner, WorkerRunner)
        workload.prepare(visit_target=not is_worker)
        if is_worker:
            share = self._share or Share(origin_ns=now_ns())
        else:
            self._writer = self._new_writer(options, schedule, corpus)
            share = Share(origin_ns=self._writer.origin_ns)
        workload.listen(live.LocustTable(self._environment).show)
        line = live.line_for(options, self._writer is not None)
        if line is not None:
            workload.listen(line.show)
        workload.begin(share)
        self._watcher = gevent.spawn(self._watch, workload)
        if options.until_stdin_closes:
            gevent.spawn(self._quit_with_stdin)

    def _watch(self, workload: Workload) -> None:
        """Pump the engine while the run goes on, and end it when its calls are done."""
        written_ns = now_ns()
        while True:
            gevent.sleep(_POLL_S)
            workload.pump()
            idle = workload.exhausted and workload.active == 0
            if idle or now_ns() - written_ns >= _WRITE_EVERY_NS:
                written_ns = now_ns()
                self._hand_in(workload.take_batch(), idle=idle)
            if idle:
                if self._writer is not None:
                    gevent.spawn(self._quit)
                return

    def _hand_in(self, batch: Batch, *, idle: bool, last: bool = False) -> None:
        if self._writer is not None:
            self._writer.write(batch)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.send_message(_BATCH, {**batch.pack(), "idle": idle, "last": last})

    def _collect(self, writer: RunWriter) -> None:
        """Have every worker stop, and wait for what it still has to tell."""
        self._runner.send_message(_STOP)
        patience_s = self._drain_s + _LAST_BATCH_LIMIT_S
        give_up_ns = now_ns() + round(patience_s * NS_PER_S)
        while now_ns() < give_up_ns:
            if self._sharing & set(self._runner.clients) <= self._ended_workers:
                break
            gevent.sleep(_POLL_S)
        for lost in sorted(self._sharing - self._ended_workers):
            writer.note(RunEventKind.WORKER_LOST, f"worker {sanitised(lost)} ended without a word")

    def _stop_came(self, environment: Environment, msg: Any) -> None:
        self.stop()

    def _batch_came(self, environment: Environment, msg: Any) -> None:
        if self._writer is None:
            return
        self._writer.write(Batch.unpack(msg.data))
        if msg.data.get("last"):
            self._ended_workers.add(msg.node_id)
        elif msg.data.get("idle"):
            self._idle_workers.add(msg.node_id)
            if self._idle_workers >= self._sharing & set(self._runner.clients):
                gevent.spawn(self._quit)

    def _worker_failed(self, environment: Environment, msg: Any) -> None:
        self._give_up(_from_message(msg.data))

    def _share_out(self, origin_ns: int) -> None:
        clients = sorted(self._runner.clients)
        self._sharing = set(clients)
        for slot, client_id in enumerate(clients):
            data = {
                "origin_ns": origin_ns,
                "slot": slot,
                "slots": len(clients),
                "now_ns": now_ns(),
                "wall_s": wall_time().timestamp(),
            }
            self._runner.send_message(_SHARE, data, client_id)

    def _share_came(self, environment: Environment, msg: Any) -> None:
        data = msg.data
        apart_s = wall_time().timestamp() - data["wall_s"]
        ticked_s = (now_ns() - data["now_ns"]) / NS_PER_S
        origin_ns = data["origin_ns"]
        if abs(apart_s - ticked_s) > _SAME_CLOCK_S:
            # Another machine: its monotonic clock began elsewhere, only wall time is shared.
            elapsed_ns = data["now_ns"] - origin_ns + round(apart_s * NS_PER_S)
            origin_ns = now_ns() - elapsed_ns
        self._share = Share(origin_ns=origin_ns, slot=data["slot"], slots=data["slots"])

    def _visit(self, options: Options) -> None:
        """Open one session from the master, which holds no calls of its own."""
        route = route_to_target(options, resolve_dialect())
        engine = AudioEngine()
        engine.start()
        try:
            fault = engine.run(try_session(route))
        finally:
            engine.stop()
        if fault is not None:
            raise refusal(route, fault)

    def _dialogue(self, options: Options) -> Dialogue:
        found = [user.dialogue for user in self._runner.user_classes if hasattr(user, "dialogue")]
        dialogue = found[0] if found else Dialogue()
        if options.turns is None:
            return dialogue
        return Dialogue(turns=options.turns, think_ms=dialogue.think_ms)

    def _script(self) -> Path | None:
        """Return the scenario's own dialogue script, for when the command line names none."""
        found = [getattr(user, "script", None) for user in self._runner.user_classes]
        return next((path for path in found if path is not None), None)

    def _network(self) -> str:
        """Return the scenario's own mix of networks, for when the command line names none."""
        found = (getattr(user, "network", "") for user in self._runner.user_classes)
        return next(filter(None, found), DIRECT)

    def _new_writer(self, options: Options, schedule: Schedule, corpus: Any) -> RunWriter:
        locustfiles = getattr(self._environment.parsed_options, "locustfile", "scenario.py")
        scenario = Path(str(locustfiles).split(",", maxsplit=1)[0])
        return RunWriter(options, schedule, corpus, scenario)

    def _give_up(self, error: HarnessError) -> None:
        if self.workload is not None:
            self.workload.stop()
            self.workload = None
        if isinstance(self._runner, WorkerRunner):
            data = {"text": str(error), "exit_code": int(error.exit_code)}
            self._runner.send_message(_FAILED, data)
            return
        print(f"harness: {error}", file=sys.stderr, flush=True)
        # Locust's empty tables would bury the one line that matters.
        logging.getLogger("locust.stats_logger").disabled = True
        self._environment.process_exit_code = int(error.exit_code)
        gevent.spawn(self._quit)

    def _quit(self) -> None:
        """End the run; on the web page the process stays for the next one."""
        if self._environment.web_ui is not None:
            self._runner.stop()
        else:
            self._runner.quit()

    def _quit_with_stdin(self) -> None:
        """End the run when whoever holds the other end of stdin is gone."""
        descriptor = sys.stdin.fileno()
        while True:
            gevent.socket.wait_read(descriptor)
            if not os.read(descriptor, 4096):
                self._quit()
                return


class _Remote(HarnessError):
    """A worker's error, told to the master."""


def _from_message(data: dict[str, Any]) -> HarnessError:
    error = _Remote(str(data.get("text", "a worker failed")))
    error.exit_code = ExitCode(int(data.get("exit_code", ExitCode.BUG)))  # type: ignore[misc]
    return error


_conductors: dict[int, RunController] = {}


def run_controller_of(environment: Environment) -> RunController:
    """Return the conductor of a Locust environment."""
    return _conductors[id(environment)]


def _on_parser(parser: Any) -> None:
    # Locust and gevent log exceptions of their own accord, from here on without secrets.
    conceal_secrets()
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = RedactedStream(sys.stderr)
    add_arguments(parser)


def _on_init(environment: Environment, **_: Any) -> None:
    _conductors[id(environment)] = RunController(environment)
    if getattr(environment.parsed_options, "live_line", False):
        logging.getLogger("locust.stats_logger").disabled = True


def _on_start(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).start()


def _on_stop(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).stop()


def _on_quitting(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).interrupted()


events.init_command_line_parser.add_listener(_on_parser)
events.init.add_listener(_on_init)
events.test_start.add_listener(_on_start)
events.test_stop.add_listener(_on_stop)
events.quitting.add_listener(_on_quitting)
