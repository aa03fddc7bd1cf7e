"""The command that makes the same run again, from what its person asked for."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.errors import redacted
from harness.load.options import Options, add_arguments
from harness.load.targets import SIMULATOR

# What does not change a run, or is set by `harness run` itself.
_LEFT_OUT = {
    *("reports", "run_dir", "live_line", "simulated", "until_stdin_closes", "targets"),
    *("prometheus", "target_session", "simulator"),
}
# Named in place of their content: the manifest has a digest of what was in them.
_FILES = {"session": "FILE", "profiles": "FILE", "ca": "FILE"}
_LONGEST_CHARS = 80
_LOCUSTS = (("peak", "--users"), ("spawn_rate", "--spawn-rate"), ("run_time", "--run-time"))


class _Declared:
    """Takes options as a parser does, and keeps what is needed to write them down."""

    def __init__(self) -> None:
        self.options: list[tuple[str, str, Any, bool]] = []

    def add_argument_group(self, *_: str) -> "_Declared":
        return self

    def add_argument(self, *flags: str, **settings: Any) -> Any:
        flag = flags[-1]
        dest = settings.get("dest") or flag.lstrip("-").replace("-", "_")
        is_switch = settings.get("action") in ("store_true", "store_const")
        default = settings.get("default", False if is_switch else None)
        self.options.append((flag, dest, default, is_switch))
        return SimpleNamespace(dest=dest)


def with_command(options: Options, parsed: argparse.Namespace, scenario: Path) -> Options:
    """Return what was asked for, with the command that asks for it again."""
    return replace(options, command=repeat_command(parsed, scenario.stem))


def repeat_command(parsed: argparse.Namespace, scenario: str) -> str:
    """Return the command without the target, on one line and without secrets.

    Args:
        parsed: What Locust's parser found.
        scenario: The scenario's name.
    """
    words = ["harness", "run", scenario]
    for dest, flag in _LOCUSTS:
        value = getattr(parsed, dest, None)
        if value is None and dest == "peak":
            value = getattr(parsed, "num_users", None)
        if value:
            words += [flag, f"{value:g}" if isinstance(value, float) else str(value)]
    if getattr(parsed, "host", None) == SIMULATOR:
        words += ["--host", SIMULATOR]
    declared = _Declared()
    add_arguments(declared)  # type: ignore[arg-type]
    for flag, dest, default, is_switch in declared.options:
        value = getattr(parsed, dest, default)
        if dest in _LEFT_OUT or value == default or value in (None, ""):
            continue
        words += [flag] if is_switch else [flag, _shown(dest, value)]
    return redacted(shlex.join(words))


def _shown(dest: str, value: object) -> str:
    text = _FILES.get(dest, str(value))
    return text if len(text) <= _LONGEST_CHARS and "\n" not in text else "FILE"
