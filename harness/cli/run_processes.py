"""The processes of one `harness run`, its server and Locust: started, watched, and ended.

Each runs in a session of its own, so that the terminal's Ctrl-C reaches only this process, which
passes it on, and so that what a killed Locust leaves behind can be ended as one group.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
import psutil

from harness.cascade import key_variables, read_cascade
from harness.environment import ending_signals, for_child, secret, without_settings_of
from harness.errors import BadInput, ExitCode

_SIMULATOR_START_LINE = "listening on "
_END_LIMIT_S = 10.0
# Locust ends everything itself two seconds after a second signal; this is for one that hangs.
_SECOND, _CUT_LIMIT_S = 2, 1.7
# Python itself polls within such a wait, at most every 50 ms.
_WAIT_STEP_S = 1.0
# A suspended Locust is waited for in steps, not seconds: a process that did not run has not waited.
_STOPPED_STEPS = 20
# Workers notice within a second that their master is gone.
_GROUP_LIMIT_S, _GROUP_STEP_S = 5.0, 0.1
# Where settings for Locust lie that `harness.load.locust_process` does not read. It does not read
# `pyproject.toml` either, which most often is there for something else.
_LOCUST_FILES = (Path("~/.locust.conf"), Path("locust.conf"))


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A simulator that answers at `host`, or another server that was started for the run."""

    host: str
    process: "subprocess.Popen[str]"
    called: str = "simulator"


@contextmanager
def simulator(
    preset: str | None, config: Path | None, seed: int, truth: Path
) -> Iterator[RunningSimulator]:
    """Start the simulator on a free port of this machine, and end it with the block.

    Args:
        preset: Name of its latencies, `None` for the default.
        config: Its TOML file.
        seed: Where its chance comes from.
        truth: Where it writes its true latencies.

    Raises:
        BadInput: It did not start; what it said stands on the screen.
    """
    words = [sys.executable, "-m", "harness", "simulator", "--port", "0"]
    words += [] if preset is None else ["--preset", preset]
    words += [] if config is None else ["--config", str(config)]
    words += ["--seed", str(seed), "--truth", str(truth), "--exit-with-stdin"]
    about = ", ".join(str(given) for given in (preset, config) if given is not None)
    with _serving(words, for_child(), "simulator", about) as running:
        yield running


@contextmanager
def cascade(config: Path, stages: Path) -> Iterator[RunningSimulator]:
    """Start a cascade on a free port of this machine, and end it with the block.

    Args:
        config: Its TOML file.
        stages: Where it writes its stage log.

    Raises:
        BadInput: It did not start; what it said stands on the screen.
    """
    words = [sys.executable, "-m", "harness", "cascade", "--config", str(config), "--port", "0"]
    words += ["--stages", str(stages), "--exit-with-stdin"]
    # It alone gets its providers' keys, which Locust has no use for.
    keys = {name: key for name in key_variables(read_cascade(config)) if (key := secret(name))}
    with _serving(words, for_child(**keys), "cascade", str(config)) as running:
        yield running


@contextmanager
def _serving(
    words: list[str], variables: dict[str, str], called: str, about: str
) -> Iterator[RunningSimulator]:
    """Start a server that says where it listens, and end it with the block."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith(_SIMULATOR_START_LINE):
            raise BadInput(f"the {called} did not start", hint="What it said stands above")
        said = f"{called.capitalize()} {line.strip()}"
        click.echo(f"{said}, {about}" if about else said, err=True)
        host = line.removeprefix(_SIMULATOR_START_LINE).split("/v1/")[0].strip()
        yield RunningSimulator(host, process, called)
    finally:
        process.stdin.close()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def run_locust(words: list[str], answering: RunningSimulator | None) -> int:
    """Run Locust to its end, whatever happens to it or to the simulator.

    Ctrl-C, SIGTERM and a hangup are passed on, so that the run drains; a second one ends
    everything.

    Args:
        words: Locust's command line.
        answering: The simulator that it calls, `None` where it calls another server.

    Returns:
        Its exit code, negative where a signal ended it.
    """
    variables, taken = without_settings_of("LOCUST_")
    files = [str(path) for path in _LOCUST_FILES if path.expanduser().is_file()]
    if files or taken:
        named = ", ".join(files + taken)
        click.echo(f"Not used by this run: {named}; options are its only settings", err=True)
    process = subprocess.Popen(words, stdin=subprocess.PIPE, env=variables, start_new_session=True)
    assert process.stdin is not None
    signals: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)
        signals.append(number)
        if len(signals) == _SECOND:
            signal.signal(signal.SIGALRM, lambda *_: _cut(process))
            signal.setitimer(signal.ITIMER_REAL, _CUT_LIMIT_S)

    before = {number: signal.signal(number, pass_on) for number in ending_signals()}
    try:
        code = _wait(process, _Watch(process, answering))
        _end_group(process.pid)
        # A killed run is not reported here after a second signal: that ends everything at once.
        return ExitCode.INVALID if code < 0 and len(signals) >= _SECOND else code
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        process.stdin.close()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Watch:
    """Checks Locust and the simulator once a step while the run goes on."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", answering: RunningSimulator | None
    ) -> None:
        self._process, self._answering = process, answering
        self._stopped = 0

    def look(self) -> None:
        """End a run whose simulator is gone, or whose Locust has been stopped for long."""
        if self._answering is not None and self._answering.process.poll() is not None:
            gone, self._answering = self._answering, None
            told = f"the {gone.called} ended ({gone.process.returncode})"
            click.echo(f"harness: {told}, which ends the run", err=True)
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._stopped = self._stopped + 1 if _is_stopped(self._process.pid) else 0
        if self._stopped == _STOPPED_STEPS:
            click.echo("harness: Locust was suspended and did not resume; it is ended", err=True)
            _kill_group(self._process.pid)


def _wait(process: "subprocess.Popen[bytes]", watch: _Watch) -> int:
    """Wait for the end of a process in short steps, and return its code.

    A signal that arrives just before a blocking wait does not interrupt it: the handler would run
    only after the process has ended, which for a hung one is never.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_WAIT_STEP_S)
        watch.look()


def _is_stopped(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def _cut(process: "subprocess.Popen[bytes]") -> None:
    click.echo("harness: ended by a second signal; what was recorded stays", err=True)
    _kill_group(process.pid)


def _end_group(group: int) -> None:
    """Wait for workers that Locust left behind, and kill those that do not end."""
    for _ in range(round(_GROUP_LIMIT_S / _GROUP_STEP_S)):
        if not _members(group):
            return
        time.sleep(_GROUP_STEP_S)
    _kill_group(group)


def _members(group: int) -> list[psutil.Process]:
    """Return the processes of a group that have not ended."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return []
    found = []
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _kill_group(group: int) -> None:
    """Kill Locust and the workers that it forked; the session is theirs alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
