"""`harness selfcheck`: every measurement of this instrument itself, one command each."""

import signal
from typing import ClassVar

import click

from harness.cli.lazy_group import Commands, LazyGroup

_DEFAULT = "engine"


class _Measurements(LazyGroup):
    """Measures the engine where no other measurement is named."""

    commands_table: ClassVar[Commands] = {
        "behaviour": (
            "harness.cli.selfcheck_behaviour",
            "How exactly interruptions, tools and faults are measured (6 minutes).",
        ),
        "capacity": (
            "harness.cli.selfcheck_capacity",
            "Whether a capacity search finds limits that are known (1 minute).",
        ),
        "dialects": (
            "harness.cli.selfcheck_dialects",
            "How many sessions it holds with OpenAI's words, and with Twilio's (2 minutes).",
        ),
        "engine": (
            "harness.cli.selfcheck_engine",
            "How many sessions this machine holds, and how exactly (minutes).",
        ),
        "gate": (
            "harness.cli.selfcheck_gate",
            "Whether the gate keeps its promises on made-up runs (8 minutes).",
        ),
        "simulator": (
            "harness.cli.selfcheck_simulator",
            "How many sessions the simulator holds on one core (2 minutes).",
        ),
        "speech": (
            "harness.cli.selfcheck_speech",
            "What it takes to annotate, encode and cache an hour of speech.",
        ),
        "stalls": (
            "harness.cli.selfcheck_stalls",
            "How late the network's stalls are applied with many calls.",
        ),
        "steadiness": (
            "harness.cli.selfcheck_steadiness",
            "Whether a number of sessions holds every time (5 minutes).",
        ),
        "tcp": (
            "harness.cli.selfcheck_tcp",
            "The simulated TCP sender compared with Linux's own.",
        ),
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default measurement in front of options that belong to it."""
        is_help = args[:1] in (["-h"], ["--help"])
        if not args or (args[0].startswith("-") and not is_help):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.command("selfcheck", cls=_Measurements)
def command() -> None:
    """Measure this instrument on this machine; the engine where no other is named.

    Leave the machine idle meanwhile: other work lowers the figures.
    """
    # Ended like by Ctrl-C: what was started is ended, and no files are left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
