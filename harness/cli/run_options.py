"""The options of a run, read and checked before anything is started."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cascade import read_cascade
from harness.cli.declared_options import DeclaredOptions
from harness.dialects import DEFAULT_DIALECT
from harness.errors import BadInput
from harness.load.arrival_schedule import resolve_arrivals
from harness.load.options import Options, add_arguments, read_options
from harness.load.session_file import resolve_sessions
from harness.load.targets import resolve_target
from harness.model import DIRECT
from harness.network import choose_profile, load_profiles
from harness.plan import parse_mix
from harness.plan.duration import parse_duration

VOICE = DeclaredOptions(add_arguments)
"""Declared once, for Locust's parser."""


def checked_options(
    voice: Sequence[str], host: str | None, run_time: str | None
) -> tuple[argparse.Namespace, Options, str | None]:
    """Read the options of a run and check them as far as they can be without a connection.

    Args:
        voice: The declared options, as words of the command line.
        host: Address of the API or name of a target; `None` for a simulator.
        run_time: How long the run goes on, in words.

    Returns:
        What was found, what comes of it, and the address; `None` for a simulator.

    Raises:
        BadInput: No run can be made with them.
    """
    parsed = VOICE.read(voice)
    _check_run_time(run_time)
    address = resolve_target(parsed, host)
    parsed.run_time = run_time
    resolve_arrivals(parsed)
    resolve_sessions(parsed)
    options = read_options(parsed, address or "ws://127.0.0.1")
    _check_networks(parsed.network, parsed.profiles)
    return parsed, options, address


def check_cascade(config: Path, dialect: str, others: Mapping[str, object]) -> None:
    """Refuse what a cascade cannot be called with, and a file that describes none.

    Args:
        config: The file.
        dialect: The dialect that was asked for, empty for none.
        others: Options that are for another target, by their names.

    Raises:
        BadInput: One of these is given.
    """
    for option, given in others.items():
        if given is not None:
            raise BadInput("goes with another target than --cascade", where=option)
    if dialect not in ("", DEFAULT_DIALECT):
        raise BadInput(
            f"a cascade speaks {DEFAULT_DIALECT}", where=f"--dialect {dialect}", hint="Leave it out"
        )
    read_cascade(config)


def _check_run_time(text: str | None) -> None:
    """Refuse what is no time: Locust takes 0 for none, and a run would last as by default."""
    if text is not None and parse_duration(text) is None:
        raise BadInput(
            "is no length of time", where=f"--run-time {text}", hint="Such as 90s, 5m or 1h30m"
        )


def _check_networks(mix: str, extra: str) -> None:
    """Refuse an unknown profile before anything is started."""
    known = load_profiles(Path(extra) if extra else None)
    for name, _ in parse_mix(mix or DIRECT):
        if name != DIRECT:
            choose_profile(known, name)
