"""The `harness` command: finds the subcommand, runs it, turns what happened into an exit code."""

import importlib
import sys
import traceback

import click

from harness.environment import conceal_secrets
from harness.errors import ExitCode, HarnessError, redacted

# Name to the module that holds it and the line shown in the overview. Modules are imported only
# when asked for: several of them load numpy or matplotlib.
COMMANDS = {
    "run": ("harness.cli.run", "Run a scenario, with simulator, network and report."),
    "report": ("harness.cli.report", "Write summary, HTML and a table from a run directory."),
    "gate": ("harness.cli.gate", "Judge a run against objectives: pass, fail, inconclusive."),
    "simulator": ("harness.cli.simulator", "Serve a Realtime API with known latencies."),
    "corpus": ("harness.cli.corpus", "Obtain and look at recorded speech."),
    "network": ("harness.cli.network", "List, show and measure network profiles."),
    "doctor": ("harness.cli.doctor", "Say what this machine has and what a target does not tell."),
    "selfcheck": ("harness.cli.selfcheck", "Measure what this machine holds, and how exactly."),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


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
