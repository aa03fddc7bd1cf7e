"""The `harness` command: finds the subcommand, runs it, turns what happened into an exit code."""

import sys
import traceback

import click

from harness.cli.lazy_group import LazyGroup
from harness.environment import conceal_secrets
from harness.errors import ExitCode, HarnessError, redacted

COMMANDS = {
    "init": ("harness.cli.init", "Write a small project: scenario, objectives, targets, CI."),
    "run": ("harness.cli.run", "Run a scenario, with simulator, network and report."),
    "report": ("harness.cli.report", "Write summary, HTML and a table from a run directory."),
    "gate": ("harness.cli.gate", "Judge a run against objectives: pass, fail, inconclusive."),
    "ab": ("harness.cli.ab", "Run two targets in turn and judge one against the other."),
    "aa": ("harness.cli.aa", "Run a target against itself: what a gate can tell here."),
    "plan": ("harness.cli.plan_size", "Plan runs, time and cost for a wanted precision."),
    "cost": ("harness.cli.cost", "Account for what a run cost, and a month of it would."),
    "capacity": ("harness.cli.capacity", "Find how many calls meet all objectives."),
    "size": ("harness.cli.size", "Turn held calls into calls an hour, instances, a day."),
    "history": ("harness.cli.history", "Keep one line a run and find where the level changed."),
    "simulator": ("harness.cli.simulator", "Serve a Realtime API with known latencies."),
    "cascade": ("harness.cli.cascade", "Serve a voice agent of STT, LLM and TTS providers."),
    "dialects": ("harness.cli.dialects", "List the APIs that can be measured, and their limits."),
    "corpus": ("harness.cli.corpus", "Obtain and look at recorded speech."),
    "network": ("harness.cli.network", "List, show and measure network profiles."),
    "doctor": ("harness.cli.doctor", "Check this machine, and what a target does not report."),
    "selfcheck": ("harness.cli.selfcheck", "Measure this instrument on this machine."),
}


class _Commands(LazyGroup):
    commands_table = COMMANDS


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="harness")
def _app() -> None:
    """Load testing and latency benchmarking for realtime voice APIs."""


def run(arguments: list[str]) -> int:
    """Run one command and return the process's exit code.

    Args:
        arguments: Words after the program's name.

    Returns:
        The exit code of the design. Bad input is one line on stderr; only our own bugs print a
        traceback.
    """
    conceal_secrets()
    try:
        outcome = _app.main(arguments, prog_name="harness", standalone_mode=False)
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    except click.exceptions.Abort:
        print("harness: interrupted", file=sys.stderr)
        return ExitCode.INCONCLUSIVE
    except click.exceptions.NoArgsIsHelpError as shown:
        print(shown.format_message())
        return ExitCode.BAD_INPUT
    except click.ClickException as error:
        print(f"harness: {redacted(error.format_message())}", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except Exception:
        print(redacted(traceback.format_exc()), end="", file=sys.stderr)
        print("harness: this is our bug; please report it with the lines above", file=sys.stderr)
        return ExitCode.BUG
    return int(outcome) if isinstance(outcome, int) else ExitCode.PASS
