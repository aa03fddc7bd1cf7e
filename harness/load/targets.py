"""Named targets: `--host NAME` takes an address, and options, from a file of the user's.

The file may set, for each target, every option of how a session is opened; the command line takes
precedence. It never holds a key, only the name of the variable that does.
"""

import argparse
import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.engine.route import names_secret
from harness.environment import hold_secret
from harness.errors import BadInput, sanitised
from harness.load.options import VARIABLE, is_name_of_secret
from harness.load.target_options import TARGETS_FILE, add_target_arguments

# Options whose value is a file; in a targets file it is relative to that.
_FILES = ("ca", "session")
_URL, _SESSION = "url", "session"
SIMULATOR = "simulator"
"""What `--host` says for the simulator that `harness run` starts."""


def resolve_target(parsed: argparse.Namespace, host: str | None) -> str | None:
    """Return the address of `--host`, after the options of a named target were put into `parsed`.

    Args:
        parsed: What the command line gave; an option that stands at its default is taken from the
            target.
        host: An address, which is returned as it is, or the name of a target.

    Raises:
        BadInput: There is no such target, or the file is none.
    """
    if not host or "//" in host:
        return host
    path = Path(parsed.targets)
    targets = _read(path)
    if host == SIMULATOR:
        raise BadInput(
            "is started by `harness run` alone, for all user classes",
            where=f"--host {SIMULATOR}",
            hint="Start one by `harness simulator`, and give its address",
        )
    if host not in targets:
        near = difflib.get_close_matches(host, targets, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Give ws://HOST:PORT or wss://HOST"
        if targets and not near:
            hint = f"{hint}, or one of: {', '.join(targets)}"
        raise BadInput(f"no such target in {path}", where=sanitised(f"--host {host}"), hint=hint)
    actions = _Settable().by_name
    for name, value in targets[host].items():
        if name == _SESSION:
            # It is asked for only where nobody else names a setting.
            parsed.target_session = value
        elif name != _URL and getattr(parsed, name) == actions[name].default:
            setattr(parsed, name, value)
    return str(targets[host][_URL])


def target_settings() -> tuple[str, ...]:
    """Return the names of all settings that a target may have, as `parsed` has them."""
    return (*_Settable().by_name, "target_session")


class _Settable(argparse.ArgumentParser):
    """The options a target may set, by their names in the file."""

    def __init__(self) -> None:
        self.by_name: dict[str, argparse.Action] = {}
        super().__init__(add_help=False)
        add_target_arguments(self)
        del self.by_name["targets"]

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an option."""
        action = super().add_argument(*names, **settings)
        self.by_name[action.dest] = action
        return action


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Return all targets of a file, checked; nothing where it is the default one and missing.

    Raises:
        BadInput: It cannot be read, holds a key, or sets what is no option.
    """
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if str(path) == TARGETS_FILE:
            return {}
        raise BadInput("no such file", where=f"--targets {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        words = f"cannot be read ({type(error).__name__})"
        raise BadInput(words, where=f"--targets {path}") from error
    except tomllib.TOMLDecodeError as error:
        # The parser's message quotes nothing of the file, which might hold a key all the same.
        raise BadInput(f"is no TOML: {error}", where=str(path)) from error
    targets = held.get("targets")
    if not isinstance(targets, dict) or not all(isinstance(it, dict) for it in targets.values()):
        raise BadInput("holds no targets", where=str(path), hint="Write each as [targets.NAME]")
    if SIMULATOR in targets:
        words = f"{SIMULATOR} is the one that `harness run` starts"
        raise BadInput(words, where=f"{path}, targets", hint="Call the target by another name")
    return {
        name: _target(f"{path}, targets.{name}", it, path.parent) for name, it in targets.items()
    }


def _target(where: str, held: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    actions = _Settable().by_name
    if _URL not in held:
        raise BadInput("has no url", where=where, hint='Give it as url = "wss://HOST"')
    read: dict[str, Any] = {}
    for name, value in held.items():
        if name not in actions and name != _URL:
            raise _unknown(name, [_URL, *actions], where)
        read[name] = _value(f"{where}.{name}", value, actions.get(name))
        if name in _FILES:
            read[name] = str(folder / read[name])
    refuse_credentials(read[_URL], f"{where}.url")
    variable = read.get("key_variable", "")
    if variable:
        if not VARIABLE.fullmatch(variable):
            # What stands there may be the key itself, so it is not shown.
            raise BadInput(
                "is not the name of a variable",
                where=f"{where}.key_variable",
                hint="Put the key into the environment, and the variable's name here, as MY_KEY",
            )
        hold_secret(variable)
    return read


def _value(where: str, value: Any, action: argparse.Action | None) -> Any:
    """Return a value as the option has it.

    Raises:
        BadInput: It is of another type.
    """
    wanted: Callable[..., Any] = str
    if action is not None:
        wanted = bool if action.nargs == 0 else (action.type or str)  # type: ignore[assignment]
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        kinds: dict[object, str] = {
            int: "a whole number",
            float: "a number",
            bool: "true or false",
        }
        raise BadInput(f"must be {kinds.get(wanted, 'text')}", where=where)
    return value


def _unknown(name: str, known: list[str], where: str) -> BadInput:
    if is_name_of_secret(name):
        return BadInput(
            f"{name} does not belong into a file",
            where=where,
            hint="Put the key into the environment, and its variable's name into key_variable",
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}"
    return BadInput(f"has no setting {sanitised(name)}", where=where, hint=hint)


def refuse_credentials(url: str, where: str) -> None:
    """Refuse an address that holds a key or a password.

    Raises:
        BadInput: It does.
    """
    try:
        parts = urlsplit(url)
        held = parts.password or any(names_secret(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        held = False
    if held:
        raise BadInput(
            "an address in a file must hold no key or password",
            where=where,
            hint="Put the key into the environment; --key-header says how it is sent",
        )
