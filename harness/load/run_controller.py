"""How a run goes under Locust: prepare, begin, watch, end, in one process or in many.

Locust has three kinds of process. A *local* one holds calls and writes the run directory. With
`--processes` or `--worker` the two parts separate: *workers* hold calls and send what they
recorded, the *master* writes it down. The parts are `workload` and `writer`; a local process has
both. Messages between master and workers keep their order, so when a worker has said that it
stopped, everything it recorded has arrived.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import (
    STATE_INIT,
    STATE_STOPPED,
    MasterRunner,
    WorkerRunner,
)

from harness.clock import now_ns
from harness.corpus import Corpus
from harness.errors import BadInput, ExitCode, HarnessError, RunInvalid, redacted, sanitised
from harness.load import live
from harness.load.arrival_schedule import resolve_arrivals
from harness.load.class_schedule import Calls, routes_of, schedule_of
from harness.load.class_targets import class_options, resolve_class_targets
from harness.load.exporters.otel_setup import join_otel
from harness.load.failures import FAILED, Failures
from harness.load.interrupts import Interrupts, end_children, ignore_ctrl_c
from harness.load.locust_callers import LocustCallers
from harness.load.observers import Observers
from harness.load.open_files import ensure_open_files
from harness.load.open_load import refuse_shape
from harness.load.options import Options, read_options
from harness.load.repeat_command import with_command
from harness.load.run_setup import resolve_corpus, resolve_profiles
from harness.load.run_writer import RunWriter
from harness.load.same_parts import program_and_scenario, refuse_others, speech_and_schedule
from harness.load.scenario import scenario_arrivals, scenario_corpora, scenario_network
from harness.load.session_check import Visits, try_sessions_alone
from harness.load.session_file import resolve_sessions
from harness.load.shapes import refuse_rate
from harness.load.share import Share
from harness.load.watchdogs import (
    end_forked_workers,
    watch_forked_workers,
    watch_master,
    watch_stdin,
)
from harness.load.worker_link import WorkerLink
from harness.load.worker_pool import BATCH, WorkerPool
from harness.load.workload import Workload
from harness.model import NS_PER_S, RunEventKind
from harness.recording import Batch

_POLL_S = 0.05
_WRITE_EVERY_NS = 1 * NS_PER_S
# Beyond its drain time a worker that is alive needs no longer than this to send its last batch.
_LAST_BATCH_LIMIT_S = 15.0
# A worker with nothing left to do takes about a second to end.
_WORKER_END_LIMIT_S = 5.0
# A second signal ends everything; the last records get this long to be written.
_CUT, _CUT_WAIT_S = 2, 1.0
# Exit codes of a report on a run that came to its own end.
_REPORTED = (ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE)
# Callers that Locust starts anew, one after another, are gone for less than this.
_DESERTED_POLLS = 20
# Planned calls begin so long after the message, which every worker has received by then.
_ARRIVE_AFTER_NS = NS_PER_S // 4
_DESERTED = RunInvalid(
    "no caller is left, and there are calls to be made",
    hint="Errors of the scenario stand above",
)
_SILENT = RunInvalid(
    "no worker sent a heartbeat for three seconds, so Locust stopped the run",
    hint="This machine, or theirs, may be too busy",
)


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
        self._link: WorkerLink | None = None
        self._pool: WorkerPool | None = None
        self._watchers: list[gevent.Greenlet] = []
        self._drain_s = 0.0
        self.preparing = self._ending = False
        self._failures = Failures(environment, self._note)
        self._progress = live.Steps()
        self._interrupts = Interrupts(self._interrupt, self._cut)
        self.callers = LocustCallers(environment)
        self._observers = Observers(environment.web_ui, self._open_calls)
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(BATCH, self._batch_came)
            self._runner.register_message(FAILED, self._failures.of_worker)
        elif isinstance(self._runner, WorkerRunner):
            self._link = WorkerLink(
                self._runner, arrive=self._arrive, stop=self.stop, hurry=self._hurry
            )

    def watch_others(self) -> None:
        """Watch from the start for processes of the run that end too early."""
        options: Any = self._environment.parsed_options
        forked = int(getattr(options, "processes", None) or 0)
        if isinstance(self._runner, WorkerRunner):
            ignore_ctrl_c()
            gevent.spawn(watch_master, self._runner)
        elif self._environment.web_ui is None:
            self._interrupts.handle_signals()
            if isinstance(self._runner, MasterRunner) and forked:
                gevent.spawn(watch_forked_workers, self._runner, forked, self._end_unbegun)

    def start(self) -> None:
        """Prepare and begin a run; a run that cannot be made ends the process with one line."""
        self._environment.process_exit_code = None
        self._failures.code = self._interrupts.count = 0
        if not isinstance(self._runner, WorkerRunner):
            self._interrupts.handle_signals()
        self.preparing = True
        try:
            self._prepare()
        except Exception as error:
            self._observers.refuse(error)
            self._failures.before_run(error)
            workload, self.workload = self.workload, None
            if workload is not None:
                with self._failures.in_run():
                    workload.stop()
        finally:
            self.preparing = False

    def stop(self) -> None:
        """Drain, write what is left, and report; a step that fails does not stop the next."""
        self._ending = True
        try:
            self._end()
        finally:
            self._ending = False

    def _end(self) -> None:
        silent = self._pool is not None and self._pool.silent
        if silent:
            self._failures.report(_SILENT)
        self._drain()
        self._collect()
        if isinstance(self._runner, WorkerRunner):
            # The master judges the run; a worker's exit code says only whether the worker failed.
            self._environment.process_exit_code = self._failures.code
        elif self._environment.web_ui is None:
            # Locust's own page, which `--html` writes when the run has ended, shows the address.
            self._environment.host = redacted(self._environment.host or "")
        writer = self._writer
        if writer is not None:
            with self._failures.in_run():
                if words := self.callers.missing():
                    writer.note(RunEventKind.CALLERS_MISSING, words)
                writer.finish()
        self._observers.end()
        if writer is not None:
            self._writer = None
            self._environment.process_exit_code = int(ExitCode.INVALID)
            if self._interrupts.count < _CUT:
                with self._failures.in_run():
                    self._environment.process_exit_code = self._final_exit_code(writer.report())
        if silent:
            # Locust would wait for ever; and quitting ends the greenlet that this may run in.
            gevent.spawn(self._failures.quit)

    def _drain(self) -> None:
        """Let this process's calls end, and hand in what is left of them."""
        gevent.killall(self._watchers, block=False)
        self._watchers.clear()
        workload, self.workload = self.workload, None
        if workload is not None:
            self._draining = workload
            with self._failures.in_run():
                workload.drain()
            with self._failures.in_run():
                workload.stop()
            self._draining = None
            with self._failures.in_run():
                self._hand_in(workload.take_batch(), idle=True, last=True)
        elif self._share is not None:
            # The master waits for a last batch from every worker that it gave a share.
            with self._failures.in_run():
                self._hand_in(Batch(), idle=True, last=True)
        if self._link is not None:
            self._link.share = None

    def _collect(self) -> None:
        """Take what the workers still have to hand in."""
        if self._pool is not None:
            with self._failures.in_run():
                self._pool.collect(self._drain_s + _LAST_BATCH_LIMIT_S)
            self.callers.most = self._pool.callers
            self._pool = None

    def _final_exit_code(self, reported: int) -> int:
        """Return this process's exit code, given that of the report."""
        if self._interrupts.count and reported in _REPORTED:
            reported = ExitCode.INVALID
        return self._failures.code or int(reported)

    def scenario_failed(self, error: Exception) -> None:
        """End the run: a scenario's task failed outside of calls."""
        words = sanitised(f"{type(error).__name__}: {error}")
        if self.workload is not None:
            self.workload.fail(
                error
                if isinstance(error, HarnessError)
                else BadInput(f"failed outside of a call, {words}", where="the scenario")
            )

    def quitting(self) -> None:
        """End what still goes on when the process is about to end."""
        while self._ending:
            # Locust quits of itself as soon as a shape has ended, while the run is still drained.
            gevent.sleep(_POLL_S)
        self._stop_from_outside()
        if isinstance(self._runner, MasterRunner):
            end_forked_workers(_WORKER_END_LIMIT_S)

    def _stop_from_outside(self) -> None:
        if self._writer is not None and self._runner.state != STATE_STOPPED:
            self._note_interrupt()
            self._runner.stop()
        elif self.workload is not None:
            self.stop()
        elif self._environment.process_exit_code is None and self._environment.web_ui is None:
            print("harness: ended before the run began", file=sys.stderr, flush=True)
            self._environment.process_exit_code = int(ExitCode.INVALID)

    def _interrupt(self) -> None:
        """Drain, because of a first signal or because the parent process is gone."""
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
        with self._failures.in_run():
            self._note(RunEventKind.INTERRUPTED, "stopped before its calls had ended")

    def _note(self, kind: RunEventKind, detail: str) -> None:
        if self._writer is not None:
            self._writer.note(kind, detail)

    def _cut(self) -> None:
        """Close open calls and write what they recorded, as far as that is immediate."""
        if self._writer is not None:
            words = f"harness: ended by a second signal. {self._writer.hint}"
            print(words, file=sys.stderr, flush=True)
        if self._pool is not None:
            self._pool.hurry()
        with gevent.Timeout(_CUT_WAIT_S, False):
            while self._writer is not None and self._pool is None and self._draining is None:
                gevent.sleep(_POLL_S)
            self._hurry()
            while self._writer is not None:
                gevent.sleep(_POLL_S)

    def _hurry(self) -> None:
        """Record at once what there is, and cut off open calls."""
        workload = self._draining or self.workload
        if workload is None:
            return
        with self._failures.in_run():
            workload.pump()
            self._hand_in(workload.take_batch(), idle=False)
        workload.hurry()

    def _prepare(self) -> None:
        parsed = self._environment.parsed_options
        assert parsed is not None
        if not isinstance(self._runner, WorkerRunner):
            # Workers are sent what this process found out.
            users = self._runner.user_classes
            host = self._environment.host
            self._environment.host = resolve_class_targets(parsed, host, users, self._progress)
            parsed.arrivals = parsed.arrivals or scenario_arrivals(users)
            resolve_arrivals(parsed)
            resolve_sessions(parsed)
            parsed.otel_asked = parsed.otel
        elif self._link is not None and self._share is not None:
            join_otel(parsed)
            own = program_and_scenario(self._scenario())
            refuse_others(own, self._link.parts, self._runner.client_id)
        users = self._runner.user_classes
        of_class = class_options(parsed, users)
        options = next(iter(of_class.values()), None) or read_options(
            parsed, self._environment.host, scenario_network(users)
        )
        self._drain_s = options.drain_s
        self.callers.begin(options.calls)
        if options.until_stdin_closes and not isinstance(self._runner, WorkerRunner):
            gevent.spawn(watch_stdin, self._interrupt)
        # What can be refused without opening anything comes first.
        resolve_profiles(options)
        if not isinstance(self._runner, WorkerRunner):
            self._observers.prepare(options)
        refuse_shape(options, self._environment.shape_class)
        refuse_rate(parsed.rate_asked, self._environment.shape_class)
        ensure_open_files(self.callers.of_process(self._share))
        corpus = resolve_corpus(options, scenario_corpora(users), self._progress)
        given = bool(parsed.network)
        callers = self.callers.of_run(self._share)
        schedule = schedule_of(
            options, users, corpus, network_given=given, callers=callers, of_class=of_class
        )
        if isinstance(self._runner, MasterRunner):
            self.callers.refuse_idle_workers(options)
            visits = try_sessions_alone(options, routes_of(schedule))
            self._writer = self._new_writer(options, schedule, corpus, visits)
            parts = program_and_scenario(self._scenario()) | speech_and_schedule(schedule, corpus)
            self._pool = WorkerPool(self._runner, self._writer, schedule, parts)
            self._watchers.append(gevent.spawn(self._watch_workers, self._pool))
            if options.arrivals:
                self._watchers.append(gevent.spawn(self._let_arrive, self._pool.arrive))
            return
        if self._link is not None:
            if self._share is None:
                # It connected when the calls of the run had been shared out already.
                return
            own = speech_and_schedule(schedule, corpus)
            refuse_others(own, self._link.parts, self._runner.client_id)
        self._workload_of(options, schedule, corpus, self._share)

    def _workload_of(
        self, options: Options, schedule: Calls, corpus: Corpus, share: Share | None
    ) -> None:
        """Make this process's calls ready and let them begin; without a share it holds them all."""
        workload = Workload(options, schedule, corpus, self._progress)
        self.workload = workload
        workload.prepare(visit_target=share is None)
        if share is None:
            self._writer = self._new_writer(options, schedule, corpus, workload.visits)
            share = Share(origin_ns=self._writer.origin_ns)
        workload.listen(live.LocustTable(self._environment).show)
        self._observers.follow(options, workload, share.origin_ns)
        workload.begin(share)
        if self._environment.shape_class is not None:
            # What was prepared until now was no part of its stages.
            self._environment.shape_class.reset_time()
        self._watchers.append(gevent.spawn(self._watch, workload))
        if self._writer is not None and options.arrivals:
            self._watchers.append(gevent.spawn(self._let_arrive, workload.arrive))

    def _watch(self, workload: Workload) -> None:
        """Pump the engine while the run goes on, and end it when its calls are done."""
        with self._failures.in_run():
            written_ns, deserted = now_ns(), 0
            while True:
                gevent.sleep(_POLL_S)
                workload.pump()
                self.callers.count()
                deserted = deserted + 1 if self.callers.are_gone(workload) else 0
                if deserted > _DESERTED_POLLS:
                    raise _DESERTED
                idle = workload.exhausted and workload.active == 0
                if idle or now_ns() - written_ns >= _WRITE_EVERY_NS:
                    written_ns = now_ns()
                    self._hand_in(workload.take_batch(), idle=idle)
                if workload.failure is not None:
                    raise workload.failure
                if idle:
                    if self._writer is not None:
                        gevent.spawn(self._failures.quit)
                    return

    def _let_arrive(self, arrive: Callable[[int], None]) -> None:
        """Let planned calls begin as soon as all callers are there, in all processes alike."""
        with self._failures.in_run():
            if self.callers.wait_until_started() and self._writer is not None:
                arrive(now_ns() - self._writer.origin_ns + _ARRIVE_AFTER_NS)

    def _watch_workers(self, pool: WorkerPool) -> None:
        """End the run when the workers have held their calls, or one was lost."""
        with self._failures.in_run():
            pool.wait_until_done()
            gevent.spawn(self._failures.quit)

    def _hand_in(self, batch: Batch, *, idle: bool, last: bool = False) -> None:
        if self._writer is not None:
            live.print_events(batch.events)
            self._writer.write(batch)
        elif self._link is not None:
            open_calls, callers = self._open_calls(), self.callers.most
            self._link.send(batch, idle=idle, last=last, open_calls=open_calls, callers=callers)

    @property
    def _share(self) -> Share | None:
        """What a worker was given of the run's calls; `None` in other processes."""
        return None if self._link is None else self._link.share

    def _arrive(self, after_ns: int) -> None:
        if self.workload is not None:
            self.workload.arrive(after_ns)

    def _batch_came(self, environment: Environment, msg: Any) -> None:
        if self._pool is not None:
            with self._failures.in_run():
                self._pool.take(msg.node_id, msg.data)

    def _new_writer(
        self, options: Options, schedule: Calls, corpus: Corpus, visits: Visits
    ) -> RunWriter:
        parsed: Any = self._environment.parsed_options
        options = with_command(options, parsed, self._scenario())
        writer = RunWriter(options, schedule, corpus, self._scenario(), visits)
        self._observers.begin(writer)
        if options.live_line:
            self._observers.show_line(writer, parsed.run_time or None)
        return writer

    def _scenario(self) -> Path:
        locustfiles = getattr(self._environment.parsed_options, "locustfile", "scenario.py")
        return Path(str(locustfiles).split(",", maxsplit=1)[0])

    def _open_calls(self) -> int:
        """Return how many calls are open, of a master in all its workers together."""
        workload = self._draining or self.workload
        if workload is not None:
            return workload.active
        return 0 if self._pool is None else self._pool.open_calls
