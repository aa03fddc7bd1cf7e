"""`harness run`: a scenario under Locust, with simulator, network and report taken care of.

Locust runs in a process of its own, since it patches the process it is imported into. So does
the simulator, which must not share a core's time with the callers it answers. Both notice when
this process is gone, whatever ended it.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from harness.clock import wall_time
from harness.environment import for_child, shipped, shipped_files
from harness.errors import BadInput, ExitCode, RunInvalid
from harness.network import choose_profile, load_profiles, parse_api, parse_ports
from harness.plan import parse_mix
from harness.recording import reserve

_DIRECT = "none"
_SIMULATOR_START_LINE = "listening on "
_END_LIMIT_S = 10.0


@click.command(name="run")
@click.argument("scenario")
@click.option("--host", help="Address of the API; without one the simulator is started.")
@click.option("--users", "-u", type=click.IntRange(1), default=20, help="Concurrent callers.")
@click.option("--spawn-rate", "-r", type=float, default=5.0, help="Callers started per second.")
@click.option("--calls", type=click.IntRange(1), help="Calls in all.")
@click.option("--run-time", "-t", help="How long, such as 90s or 5m, when --calls is not given.")
@click.option("--turns", type=click.IntRange(1), help="Turns per call, instead of the scenario's.")
@click.option(
    "--network", help="Profiles, separated by commas, or in shares: A=3,B=1; none is direct."
)
@click.option(
    "--toxiproxy", help="URL of a running Toxiproxy; it has to reach API and this machine."
)
@click.option("--toxiproxy-ports", help="Ports that proxies may listen on, such as 20000-29999.")
@click.option("--profiles", type=click.Path(), help="TOML file with profiles of your own.")
@click.option("--corpus", help="Corpus name, folder or manifest.")
@click.option("--dialogue", type=click.Path(), help="TOML script of what callers say.")
@click.option("--ca", type=click.Path(), help="Certificates to trust for wss.")
@click.option("--model", help="Model to ask for.")
@click.option("--seed", type=click.IntRange(0), default=1, help="Seed of everything drawn.")
@click.option("--frame-ms", type=int, default=20, help="Length of the callers' audio frames.")
@click.option("--silence-ms", type=int, default=500, help="Silence before the server answers.")
@click.option("--turn-limit-s", type=float, default=15.0, help="Patience of a caller.")
@click.option("--processes", type=click.IntRange(1), help="Processes that hold calls.")
@click.option("--preset", help="The simulator's latencies. Default: gpt-realtime-2.1.")
@click.option(
    "--simulator-config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The simulator's TOML file: latencies, faults, tools.",
)
@click.option("--reports", type=click.Path(), default="reports", help="Where runs are kept.")
def command(
    scenario: str,
    host: str | None,
    preset: str | None,
    simulator_config: Path | None,
    **options: Any,
) -> int:
    """Run SCENARIO: a locustfile, or the name of one in scenarios/ or of a shipped one.

    Without --host, and always only on this machine, a simulator with known latencies is the
    target, and the report also says how far the measurement is from the truth.
    """
    locustfile = _find_scenario(scenario)
    _check_networks(options["network"], options["profiles"])
    _check_toxiproxy(options["toxiproxy"], options["toxiproxy_ports"])
    if host is not None and simulator_config is not None:
        raise BadInput(
            "is for the simulator, which is not started",
            where="--simulator-config",
            hint="Leave out --host, or give the file to the simulator you started",
        )
    if options["calls"] is None and options["run_time"] is None:
        options["run_time"] = "60s"
    directory = reserve(Path(options["reports"]), locustfile.stem, wall_time().date())
    with ExitStack() as stack:
        stack.callback(_remove_if_unused, directory)
        if host is None:
            host = stack.enter_context(
                _simulator(preset, simulator_config, options["seed"], directory)
            )
            options["simulated"] = True
        outcome = _run_locust(_locust_words(locustfile, host, directory, options))
    try:
        return ExitCode(outcome)
    except ValueError:
        raise RunInvalid(
            f"Locust ended with {outcome}",
            where=str(directory),
            hint=f"What was recorded can still be read: harness report {directory}",
        ) from None


def _find_scenario(name: str) -> Path:
    """Return the locustfile: a path, or a name in `scenarios/` here or among those shipped."""
    for path in (Path(name), Path("scenarios") / f"{name}.py", shipped("scenarios", f"{name}.py")):
        if path is not None and path.is_file():
            return path
    known = sorted(
        {path.stem for path in [*Path("scenarios").glob("*.py"), *shipped_files("scenarios")]}
    )
    raise BadInput(
        "no such scenario", where=name, hint=f"Give a locustfile, or one of: {', '.join(known)}"
    )


def _check_networks(mix: str | None, extra: str | None) -> None:
    """Refuse an unknown profile before anything is started."""
    known = load_profiles(Path(extra) if extra else None)
    for name, _ in parse_mix(_DIRECT if mix is None else mix):
        if name != _DIRECT:
            choose_profile(known, name)


def _check_toxiproxy(url: str | None, ports: str | None) -> None:
    """Refuse what is no address and no range; whether somebody is there shows a little later."""
    parse_ports(ports or "")
    if url is not None:
        parse_api(url, None)


def _locust_words(
    locustfile: Path, host: str, directory: Path, options: dict[str, Any]
) -> list[str]:
    words = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--host", host]
    words += ["--loglevel", "WARNING", "--live-line", "--until-stdin-closes"]
    words += ["--run-dir", str(directory)]
    if options.pop("simulated", False):
        words.append("--simulated")
    for name, value in options.items():
        if value is not None and name != "reports":
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _run_locust(words: list[str]) -> int:
    """Run Locust to its end; Ctrl-C and SIGTERM are passed on, once each, so that it drains."""
    # A session of its own: from the terminal only this process gets Ctrl-C, and passes it on.
    process = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
