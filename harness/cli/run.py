"""`harness run`: a scenario under Locust, with simulator, network and report taken care of.

Locust runs in a process of its own, since it patches the process it is imported into. So does the
simulator, which must not share a core's time with the callers it answers. Both end when this
process is gone, however it ended.
"""

import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from harness.cascade import MODEL
from harness.cli.run_options import VOICE, check_cascade, checked_options
from harness.cli.run_processes import cascade, run_locust, simulator
from harness.clock import wall_time
from harness.environment import for_child, shipped, shipped_files
from harness.errors import BadInput, ExitCode, RunInvalid
from harness.load.targets import SIMULATOR
from harness.recording import reserve


@click.command(
    name="run", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("scenario")
@click.option(
    "--host",
    help="Address of the API, a target of harness.toml, or `simulator`, which is started. Without"
    " one, the targets of the scenario's user classes; where they have none, the simulator.",
)
@click.option(
    "--users", "-u", type=click.IntRange(1), help="Concurrent callers. Default: 20, or the shape's."
)
@click.option(
    "--spawn-rate", "-r", type=float, help="Callers started per second. Default: 5, or the shape's."
)
@click.option(
    "--run-time",
    "-t",
    help="How long, such as 90s or 5m. Default without --calls: 60s, or the shape's.",
)
@click.option("--processes", type=click.IntRange(1), help="Processes that hold calls.")
@click.option("--preset", help="The simulator's latencies. Default: gpt-realtime-2.1.")
@click.option(
    "--simulator-config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The simulator's TOML file: latencies, faults, tools.",
)
@click.option(
    "--cascade",
    "cascade_config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Start the cascade of this TOML file (STT, LLM and TTS providers) and call it; the report"
    " then has its stages.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="TARGET",
    help="Twice or more, in place of --host: the targets to hold with the same words in turns and"
    " to compare. As --host, or simulator:PRESET, simulator:FILE.toml, cascade:FILE.toml.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 50),
    help="How often each target of --against is held. Default: 2, as A B B A.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    scenario: str,
    host: str | None,
    preset: str | None,
    simulator_config: Path | None,
    cascade_config: Path | None,
    against: tuple[str, ...],
    rounds: int | None,
    **given: Any,
) -> int:
    """Run SCENARIO: a locustfile, or the name of one in scenarios/ or of a shipped one.

    Where neither --host nor the scenario names a target, a simulator with known latencies on this
    machine is called, and the report also says how far the measurement is from the truth.

    What follows SCENARIO and is not listed here goes to Locust as it is.
    """
    locustfile = find_scenario(scenario)
    started_here = {"--preset": preset, "--simulator-config": simulator_config}
    if against:
        _refuse_beside_against({"--host": host, "--cascade": cascade_config, **started_here})
        # Pages and figures, which no run needs.
        from harness.cli.against import run_against

        return run_against(locustfile, against, rounds, given, context.args)
    if rounds is not None:
        raise BadInput("is for --against", where="--rounds", hint="Name two targets with --against")
    voice = VOICE.words(given)
    if cascade_config is not None:
        parsed = VOICE.read(voice)
        check_cascade(cascade_config, parsed.dialect, {"--host": host, **started_here})
        if not parsed.model:
            voice += ["--model", MODEL]
    if host is None and (preset is not None or simulator_config is not None):
        host = SIMULATOR
    parsed, _, address = checked_options(
        voice, None if host == SIMULATOR else host, given["run_time"]
    )
    if address is not None and simulator_config is not None:
        raise BadInput(
            "is for the simulator, which is not started",
            where="--simulator-config",
            hint="Leave out --host, or give the file to the simulator you started",
        )
    directory = reserve(Path(parsed.reports), locustfile.stem, wall_time().date())
    with ExitStack() as stack:
        stack.callback(_remove_if_unused, directory)
        words = _locust_words(locustfile, directory, given) + voice
        answering = None
        if cascade_config is not None:
            started = cascade(cascade_config, directory / "stages.jsonl")
            answering = stack.enter_context(started)
            host = answering.host
            words += ["--cascade", str(cascade_config)]
        elif address is None and "--simulator" not in context.args:
            truth = directory / "truth.jsonl"
            started = simulator(preset, simulator_config, parsed.seed, truth)
            answering = stack.enter_context(started)
            stack.callback(_remove_if_empty, truth)
            words += ["--simulator", answering.host]
        words += [] if host is None else ["--host", host]
        outcome = run_locust([*words, *context.args], answering)
    try:
        return ExitCode(outcome)
    except ValueError:
        raise RunInvalid(
            f"the run was killed: Locust ended with {outcome}",
            where=str(directory),
            hint=_report_of_a_killed_run(directory),
        ) from None


command.params += VOICE.click_options()


def find_scenario(name: str) -> Path:
    """Return the locustfile: a path, or a name in `scenarios/` here or among those shipped.

    Raises:
        BadInput: There is none.
    """
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


def _refuse_beside_against(given: dict[str, Any]) -> None:
    """Refuse options that say which target it is, where `--against` says it."""
    for option, value in given.items():
        if value is not None:
            raise BadInput(
                "cannot stand beside --against",
                where=option,
                hint="Give each target as --against NAME, or --against simulator:PRESET",
            )


def _locust_words(locustfile: Path, directory: Path, given: dict[str, Any]) -> list[str]:
    words = [sys.executable, "-m", "harness.load.locust_process", "-f", str(locustfile)]
    words += ["--headless", "--loglevel", "WARNING", "--live-line", "--until-stdin-closes"]
    words += ["--run-dir", str(directory)]
    for name, value in given.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _report_of_a_killed_run(directory: Path) -> str:
    """Report what a run had recorded when its process ended unexpectedly, and say so."""
    if not (directory / "manifest.json").exists():
        return "Nothing had been recorded yet"
    words = [sys.executable, "-m", "harness", "report", str(directory)]
    subprocess.run(words, check=False, env=for_child())
    return "The report is of what it had recorded by then"


def _remove_if_empty(truth: Path) -> None:
    """Leave no truth beside a run that did not call the simulator."""
    if truth.exists() and not truth.stat().st_size:
        truth.unlink()


def _remove_if_unused(directory: Path) -> None:
    """Leave no folder behind for a run that never began."""
    if not (directory / "manifest.json").exists():
        shutil.rmtree(directory, ignore_errors=True)
