"""How a run goes under Locust: prepare, begin, watch, end, in one process or in many.

Locust has three kinds of process. A *local* one holds calls and writes the run directory. With
`--processes` or `--worker` the two parts separate: *workers* hold calls and send what they
recorded, the *master* writes it down. The parts are `workload` and `writer`; a local process has
both. Messages between master and workers keep their order, so when a worker has said that it
stopped, everything it recorded has arrived.
"""

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
from locust import events
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner, WorkerRunner

from harness.clock import now_ns
from harness.corpus import Corpus
from harness.engine.engine import AudioEngine
from harness.engine.preflight import refusal, try_session
from harness.errors import ExitCode, HarnessError, sanitised
from harness.load import live
from harness.load.interrupts import Interrupts, end_children, ignore_ctrl_c
from harness.load.master_port import choose_master_port
from harness.load.open_files import callers_of_one, ensure_open_files
from harness.load.options import Options, add_arguments, read_options
from harness.load.run_setup import (
    Schedule,
    make_schedule,
    resolve_corpus,
    resolve_dialect,
    resolve_profiles,
    route_to_target,
)
from harness.load.run_writer import RunWriter
from harness.load.scenario import (
    refuse_mixture,
    scenario_dialogue,
    scenario_network,
    scenario_script,
)
from harness.load.share import Share
from harness.load.watchdogs import watch_forked_workers, watch_master
from harness.load.worker_pool import SHARE, STOP, WorkerPool
from harness.load.workload import Workload
from harness.model import NS_PER_S, RunEventKind
from harness.recording import Batch

_POLL_S = 0.05
_WRITE_EVERY_NS = 1 * NS_PER_S
_BATCH, _FAILED = "harness_batch", "harness_failed"
# Beyond its drain time a worker that is alive needs no longer than this to send its last batch.
_LAST_BATCH_LIMIT_S = 15.0
# A second signal ends everything; the last records get this long to be written.
_CUT, _CUT_WAIT_S = 2, 1.0
# What a report judges of a run that came to its own end.
_JUDGED = (ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE)


class RunController:
    """One Locust process's part in runs; Locust's events call its methods.

    Args:
        environment: Locust's environment of this process.
    """

    def __init__(self, environment: Environment) -> None:
        self.workload: Workload | None = None
        self._draining: Workload | None = None
        self._environment = environment
        self._main = gevent.getcurrent()
        self._runner: Any = environment.runner
        self._writer: RunWriter | None = None
        self._share: Share | None = None
        self._pool: WorkerPool | None = None
        self._watchers: list[gevent.Greenlet] = []
        self._drain_s = 0.0
        self._failed_code = 0
        self._progress = live.Steps()
        self._interrupts = Interrupts(self._interrupt, self._cut)
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(_BATCH, self._batch_came)
            self._runner.register_message(_FAILED, self._worker_failed)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.register_message(SHARE, self._share_came)
            self._runner.register_message(STOP, self._stop_came, concurrent=True)

    def watch_others(self) -> None:
        """Look out from the start for processes of the run that end before their time."""
        options: Any = self._environment.parsed_options
        forked = int(getattr(options, "processes", None) or 0)
        if isinstance(self._runner, WorkerRunner):
            ignore_ctrl_c()
            gevent.spawn(watch_master, self._runner, forked > 0)
        elif self._environment.web_ui is None:
            self._interrupts.heed()
            if isinstance(self._runner, MasterRunner) and forked:
                gevent.spawn(watch_forked_workers, self._runner, forked, self._end_unbegun)

    def start(self) -> None:
        """Prepare and begin a run; a run that cannot be made ends the process with one line."""
        self._environment.process_exit_code = None
        self._failed_code = self._interrupts.count = 0
        if not isinstance(self._runner, WorkerRunner):
            self._interrupts.heed()
        try:
            self._prepare()
        except HarnessError as error:
            self._give_up(error)
        except Exception:
            traceback.print_exc()
            self._give_up(HarnessError("preparing the run failed; this is our bug"))

    def stop(self) -> None:
        """Drain, write what is left, and report; what fails of it does not keep the rest."""
        gevent.killall(self._watchers, block=False)
        self._watchers.clear()
        workload, self.workload = self.workload, None
        if workload is not None:
            self._draining = workload
            with self._ending_on_failure():
                workload.drain()
            with self._ending_on_failure():
                workload.stop()
            self._draining = None
            with self._ending_on_failure():
                self._hand_in(workload.take_batch(), idle=True, last=True)
        if self._pool is not None:
            with self._ending_on_failure():
                self._pool.collect(self._drain_s + _LAST_BATCH_LIMIT_S)
            self._pool = None
        self._share = None
        if isinstance(self._runner, WorkerRunner):
            # The master judges the run; a worker's exit code says only whether the worker failed.
            self._environment.process_exit_code = self._failed_code
        writer = self._writer
        if writer is not None:
            with self._ending_on_failure():
                writer.note(RunEventKind.FINISHED)
            self._writer = None
            if self._interrupts.count < _CUT:
                code = writer.report()
                if self._interrupts.count and code in _JUDGED:
                    code = ExitCode.INVALID
                self._environment.process_exit_code = self._failed_code or int(code)

    def quitting(self) -> None:
        """Stop a run that still goes on when the process is about to end from outside."""
        if self._writer is not None and self._runner.state != STATE_STOPPED:
            self._note_interrupt()
            self._runner.stop()
        elif self.workload is not None:
            self.stop()
        elif self._environment.process_exit_code is None and self._environment.web_ui is None:
            self._environment.process_exit_code = int(ExitCode.INVALID)

    def _interrupt(self) -> None:
        """Drain, because of a first signal or because whoever started us is gone."""
        self._note_interrupt()
        if self._runner.state == STATE_INIT:
            print("harness: stopped before the run began", file=sys.stderr, flush=True)
            self._end_unbegun(ExitCode.INVALID)
            return
        self._runner.quit()
        if self._environment.web_ui is not None:
            self._environment.web_ui.stop()

    def _end_unbegun(self, code: int) -> None:
        """End this process although Locust waits for workers in its main greenlet."""
        end_children()
        gevent.kill(self._main, SystemExit(int(code)))

    def _note_interrupt(self) -> None:
        self._interrupts.count = max(1, self._interrupts.count)
        if self._writer is not None:
            with self._ending_on_failure():
                self._writer.note(RunEventKind.INTERRUPTED, "stopped before its calls had ended")

    def _cut(self) -> None:
        """Close open calls and write what they recorded, as far as that takes no time."""
        if self._writer is not None:
            words = f"harness: ended by a second signal. {self._writer.hint}"
            print(words, file=sys.stderr, flush=True)
        with gevent.Timeout(_CUT_WAIT_S, False):
            while self._writer is not None and self._draining is None:
                gevent.sleep(_POLL_S)
            if self._draining is not None:
                self._draining.hurry()
            while self._writer is not None:
                gevent.sleep(_POLL_S)

    def _prepare(self) -> None:
        parsed = self._environment.parsed_options
        assert parsed is not None
        users = self._runner.user_classes
        refuse_mixture(users, dialogue=bool(parsed.dialogue), network=bool(parsed.network))
        options = read_options(parsed, self._environment.host, scenario_network(users))
        if options.dialogue is None:
            options = replace(options, dialogue=scenario_script(users))
        self._drain_s = options.drain_s
        # What can be refused without opening anything comes first.
        route_to_target(options, resolve_dialect(options))
        resolve_profiles(options)
        ensure_open_files(self._callers())
        corpus = resolve_corpus(options, self._progress)
        schedule = make_schedule(options, scenario_dialogue(users, options.turns), corpus)
        if isinstance(self._runner, MasterRunner):
            self._visit(options)
            self._writer = self._new_writer(options, schedule, corpus)
            self._pool = WorkerPool(self._runner, self._writer, schedule)
            self._watchers.append(gevent.spawn(self._watch_workers, self._pool))
            self._listen_to_stdin(options)
            return
        if isinstance(self._runner, WorkerRunner):
            if self._share is None:
                # It came when the calls of the run had been shared out already.
                return
            self._workload_of(options, schedule, corpus, self._share)
            return
        self._workload_of(options, schedule, corpus, None)
        self._listen_to_stdin(options)

    def _workload_of(
        self, options: Options, schedule: Schedule, corpus: Corpus, share: Share | None
    ) -> None:
        """Make this process's calls ready and let them begin; without a share it holds them all."""
        workload = Workload(options, schedule, corpus, self._progress)
        self.workload = workload
        workload.prepare(visit_target=share is None)
        if share is None:
            self._writer = self._new_writer(options, schedule, corpus)
            share = Share(origin_ns=self._writer.origin_ns)
        workload.listen(live.LocustTable(self._environment).show)
        line = live.line_for(options, self._writer is not None)
        if line is not None:
            workload.listen(line.show)
        workload.begin(share)
        self._watchers.append(gevent.spawn(self._watch, workload))

    def _listen_to_stdin(self, options: Options) -> None:
        if options.until_stdin_closes:
            gevent.spawn(self._end_with_stdin)

    def _watch(self, workload: Workload) -> None:
        """Pump the engine while the run goes on, and end it when its calls are done."""
        with self._ending_on_failure():
            written_ns = now_ns()
            while True:
                gevent.sleep(_POLL_S)
                workload.pump()
                idle = workload.exhausted and workload.active == 0
                if idle or now_ns() - written_ns >= _WRITE_EVERY_NS:
                    written_ns = now_ns()
                    self._hand_in(workload.take_batch(), idle=idle)
                if workload.failure is not None:
                    raise workload.failure
                if idle:
                    if self._writer is not None:
                        gevent.spawn(self._quit)
                    return

    def _watch_workers(self, pool: WorkerPool) -> None:
        """End the run when the workers have held their calls."""
        with self._ending_on_failure():
            pool.wait_until_idle()
            gevent.spawn(self._quit)

    @contextmanager
    def _ending_on_failure(self) -> Iterator[None]:
        """End the run with one line when the block fails, whatever it fails with."""
        try:
            yield
        except HarnessError as error:
            self._abort(error)
        except Exception as error:
            words = f"the run could not go on: {sanitised(repr(error))}"
            self._abort(HarnessError(words, hint="This is our bug; what was recorded stays"))

    def _abort(self, error: HarnessError) -> None:
        """End a run that has begun and cannot go on; what was recorded stays and is reported."""
        if self._failed_code:
            return
        self._failed_code = int(error.exit_code)
        if isinstance(self._runner, WorkerRunner):
            self._send_failure(error)
            return
        print(f"harness: {error}", file=sys.stderr, flush=True)
        if self._writer is not None:
            with contextlib.suppress(HarnessError):
                self._writer.note(RunEventKind.ABORTED, str(error))
        gevent.spawn(self._quit)

    def _hand_in(self, batch: Batch, *, idle: bool, last: bool = False) -> None:
        if self._writer is not None:
            self._writer.write(batch)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.send_message(_BATCH, {**batch.pack(), "idle": idle, "last": last})

    def _stop_came(self, environment: Environment, msg: Any) -> None:
        self.stop()

    def _batch_came(self, environment: Environment, msg: Any) -> None:
        if self._pool is not None:
            with self._ending_on_failure():
                self._pool.take(msg.node_id, msg.data)

    def _worker_failed(self, environment: Environment, msg: Any) -> None:
        error = _from_message(msg.data)
        if msg.data.get("begun"):
            self._abort(error)
        else:
            self._give_up(error)

    def _share_came(self, environment: Environment, msg: Any) -> None:
        self._share = Share.unpack(msg.data)

    def _visit(self, options: Options) -> None:
        """Open one session from the master, which holds no calls of its own."""
        route = route_to_target(options, resolve_dialect(options))
        engine = AudioEngine()
        engine.start()
        try:
            fault = engine.run(try_session(route))
        finally:
            engine.stop()
        if fault is not None:
            raise refusal(route, fault)

    def _new_writer(self, options: Options, schedule: Schedule, corpus: Corpus) -> RunWriter:
        locustfiles = getattr(self._environment.parsed_options, "locustfile", "scenario.py")
        scenario = Path(str(locustfiles).split(",", maxsplit=1)[0])
        return RunWriter(options, schedule, corpus, scenario)

    def _callers(self) -> int:
        """Return how many calls this process may hold at once, as far as Locust knows yet."""
        options: Any = self._environment.parsed_options
        users = int(getattr(self._runner, "target_user_count", 0) or options.num_users or 1)
        if isinstance(self._runner, MasterRunner):
            return callers_of_one(users, self._runner.worker_count)
        if isinstance(self._runner, WorkerRunner) and self._share is not None:
            return callers_of_one(users, self._share.slots)
        return users

    def _give_up(self, error: HarnessError) -> None:
        """End a run that never began."""
        if self.workload is not None:
            self.workload.stop()
            self.workload = None
        if isinstance(self._runner, WorkerRunner):
            self._send_failure(error, begun=False)
            return
        print(f"harness: {error}", file=sys.stderr, flush=True)
        # Locust's empty tables would bury the one line that matters.
        logging.getLogger("locust.stats_logger").disabled = True
        self._failed_code = self._failed_code or int(error.exit_code)
        self._environment.process_exit_code = self._failed_code
        gevent.spawn(self._quit)

    def _send_failure(self, error: HarnessError, *, begun: bool = True) -> None:
        code = int(error.exit_code)
        message = {"text": str(error), "exit_code": code, "begun": begun}
        self._runner.send_message(_FAILED, message)

    def _quit(self) -> None:
        """End the run; on the web page the process stays for the next one."""
        if self._environment.web_ui is not None:
            self._runner.stop()
        else:
            self._runner.quit()

    def _end_with_stdin(self) -> None:
        """End the run when whoever holds the other end of stdin is gone."""
        descriptor = sys.stdin.fileno()
        while True:
            gevent.socket.wait_read(descriptor)
            if not os.read(descriptor, 4096):
                self._interrupt()
                return


def _from_message(data: dict[str, Any]) -> HarnessError:
    """Return a worker's error as the master raises it."""
    error = HarnessError(str(data.get("text", "a worker failed")))
    error.exit_code = ExitCode(int(data.get("exit_code", ExitCode.BUG)))
    return error


_controllers: dict[int, RunController] = {}


def run_controller_of(environment: Environment) -> RunController:
    """Return the run controller of a Locust environment."""
    return _controllers[id(environment)]


def _on_parser(parser: Any) -> None:
    add_arguments(parser)
    choose_master_port(parser, sys.argv[1:])


def _on_init(environment: Environment, **_: Any) -> None:
    controller = _controllers[id(environment)] = RunController(environment)
    controller.watch_others()
    if getattr(environment.parsed_options, "live_line", False):
        logging.getLogger("locust.stats_logger").disabled = True


def _on_start(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).start()


def _on_stop(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).stop()


def _on_quitting(environment: Environment, **_: Any) -> None:
    run_controller_of(environment).quitting()


events.init_command_line_parser.add_listener(_on_parser)
events.init.add_listener(_on_init)
events.test_start.add_listener(_on_start)
events.test_stop.add_listener(_on_stop)
events.quitting.add_listener(_on_quitting)
