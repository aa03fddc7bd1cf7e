"""`harness run`: a scenario under Locust, with simulator, network and report taken care of.

Locust runs in a process of its own, since it patches the process it is imported into. So does
the simulator, which must not share a core's time with the callers it answers. Both notice when
this process is gone, whatever ended it.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from harness.cli.declared_options import DeclaredOptions
from harness.clock import wall_time
from harness.environment import for_child, shipped, shipped_files, without_settings_of
from harness.errors import BadInput, ExitCode, RunInvalid
from harness.load.options import DIRECT, add_arguments, read_options
from harness.network import choose_profile, load_profiles
from harness.plan import parse_mix
from harness.recording import reserve

_SIMULATOR_START_LINE = "listening on "
_END_LIMIT_S = 10.0
# Locust ends everything itself two seconds after a second signal; this is for one that hangs.
_SECOND, _CUT_LIMIT_S = 2, 1.7
# Python itself polls within such a wait, at most every 50 ms.
_WAIT_STEP_S = 1.0
# Where settings for Locust lie that `harness.load.locust_process` does not read. It does not read
# `pyproject.toml` either, which most often is there for something else.
_LOCUST_FILES = (Path("~/.locust.conf"), Path("locust.conf"))


# Declared once, for Locust's parser.
_VOICE = DeclaredOptions(add_arguments)


@click.command(
    name="run", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("scenario")
@click.option("--host", help="Address of the API; without one the simulator is started.")
@click.option("--users", "-u", type=click.IntRange(1), default=20, help="Concurrent callers.")
@click.option("--spawn-rate", "-r", type=float, default=5.0, help="Callers started per second.")
@click.option("--run-time", "-t", help="How long, such as 90s or 5m, when --calls is not given.")
@click.option("--processes", type=click.IntRange(1), help="Processes that hold calls.")
@click.option("--preset", help="The simulator's latencies. Default: gpt-realtime-2.1.")
@click.option(
    "--simulator-config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The simulator's TOML file: latencies, faults, tools.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    scenario: str,
    host: str | None,
    preset: str | None,
    simulator_config: Path | None,
    **given: Any,
) -> int:
    """Run SCENARIO: a locustfile, or the name of one in scenarios/ or of a shipped one.

    Without --host, and always only on this machine, a simulator with known latencies is the
    target, and the report also says how far the measurement is from the truth.

    What follows SCENARIO and is not listed here goes to Locust as it is.
    """
    locustfile = _find_scenario(scenario)
    voice = _VOICE.words(given)
    parsed = _VOICE.read(voice)
    read_options(parsed, host or "ws://127.0.0.1")
    _check_networks(parsed.network, parsed.profiles)
    if host is not None and simulator_config is not None:
        raise BadInput(
            "is for the simulator, which is not started",
            where="--simulator-config",
            hint="Leave out --host, or give the file to the simulator you started",
        )
    if not parsed.calls and given["run_time"] is None:
        given["run_time"] = "60s"
    directory = reserve(Path(parsed.reports), locustfile.stem, wall_time().date())
    with ExitStack() as stack:
        stack.callback(_remove_if_unused, directory)
        words = _locust_words(locustfile, directory, given) + voice
        if host is None:
            host = stack.enter_context(_simulator(preset, simulator_config, parsed.seed, directory))
            words.append("--simulated")
        outcome = _run_locust([*words, "--host", host, *context.args])
    try:
        return ExitCode(outcome)
    except ValueError:
        _report_of_a_killed_run(directory)
        raise RunInvalid(
            f"the run was killed: Locust ended with {outcome}",
            where=str(directory),
            hint="The report is of what it had recorded by then",
        ) from None


command.params += _VOICE.click_options()


def _find_scenario(name: str) -> Path:
    """Return the locustfile: a path, or a name in `scenarios/` here or among those shipped."""
    for path in (Path(name), Path("scenarios") / f"{name}.py", shipped("scenarios", f"{name}.py")):
        if path is not None and path.is_file():
            return path
    if name.startswith("-"):
        raise BadInput("stands where SCENARIO is expected", where=name, hint="Give SCENARIO first")
    known = sorted(
        {path.stem for path in [*Path("scenarios").glob("*.py"), *shipped_files("scenarios")]}
    )
    raise BadInput(
        "no such scenario", where=name, hint=f"Give a locustfile, or one of: {', '.join(known)}"
    )


def _check_networks(mix: str, extra: str) -> None:
    """Refuse an unknown profile before anything is started."""
    known = load_profiles(Path(extra) if extra else None)
    for name, _ in parse_mix(mix or DIRECT):
        if name != DIRECT:
            choose_profile(known, name)


def _locust_words(locustfile: Path, directory: Path, given: dict[str, Any]) -> list[str]:
    words = [sys.executable, "-m", "harness.load.locust_process", "-f", str(locustfile)]
    words += ["--headless", "--loglevel", "WARNING", "--live-line", "--until-stdin-closes"]
    words += ["--run-dir", str(directory)]
    for name, value in given.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _run_locust(words: list[str]) -> int:
    """Run Locust to its end; Ctrl-C and SIGTERM are passed on, once each, so that it drains."""
    # A session of its own: from the terminal only this process gets Ctrl-C, and passes it on.
    variables, taken = without_settings_of("LOCUST_")
    files = [str(path) for path in _LOCUST_FILES if path.expanduser().is_file()]
    if files or taken:
        named = ", ".join(files + taken)
        click.echo(f"Not used by this run: {named}; options are its only settings", err=True)
    process = subprocess.Popen(words, stdin=subprocess.PIPE, env=variables, start_new_session=True)

    signals: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)
        signals.append(number)
        if len(signals) == _SECOND:
            signal.signal(signal.SIGALRM, lambda *_: _kill_group(process))
            signal.setitimer(signal.ITIMER_REAL, _CUT_LIMIT_S)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = _exit_code(process)
        # A killed run is not reported here after a second signal: that ends everything at once.
        return ExitCode.INVALID if code < 0 and len(signals) >= _SECOND else code
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of a process in short steps, and return its code.

    A signal that arrives just before a blocking wait does not interrupt it: the handler would run
    only after the process has ended, which for a hung one is never.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_WAIT_STEP_S)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill Locust and the workers that it forked; the session is theirs alone."""
    click.echo("harness: ended by a second signal; what was recorded stays", err=True)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _report_of_a_killed_run(directory: Path) -> None:
    """Report what a run had recorded when its process ended without a word."""
    if (directory / "manifest.json").exists():
        words = [sys.executable, "-m", "harness", "report", str(directory)]
        subprocess.run(words, check=False, env=for_child())


@contextmanager
def _simulator(
    preset: str | None, config: Path | None, seed: int, directory: Path
) -> Iterator[str]:
    """Start the simulator on a free port of this machine and give its address."""
    words = [sys.executable, "-m", "harness", "simulator", "--port", "0"]
    words += [] if preset is None else ["--preset", preset]
    words += [] if config is None else ["--config", str(config)]
    words += ["--seed", str(seed), "--truth", str(directory / "truth.jsonl"), "--exit-with-stdin"]
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=for_child(),
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith(_SIMULATOR_START_LINE):
            raise BadInput("the simulator did not start", hint="What it said stands above")
        about = "".join(f", {given}" for given in (preset, config) if given is not None)
        click.echo(f"Simulator {line.strip()}{about}", err=True)
        yield line.removeprefix(_SIMULATOR_START_LINE).split("/v1/")[0].strip()
    finally:
        process.stdin.close()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _remove_if_unused(directory: Path) -> None:
    """Leave no folder behind for a run that never began."""
    if not (directory / "manifest.json").exists():
        shutil.rmtree(directory, ignore_errors=True)
