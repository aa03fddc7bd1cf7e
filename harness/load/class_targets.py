"""Which target the callers of each user class call: that of `--host`, else their class's own.

The process that reads the command line finds the targets, and workers are sent them: their machines
need no file of targets.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.dialects import DEFAULT_DIALECT, Role, choose_dialect, find_dialect
from harness.errors import BadInput
from harness.load.options import Options, read_options
from harness.load.run_setup import resolve_dialect, route_to_target
from harness.load.scenario import class_host, scenario_network
from harness.load.session_file import resolve_sessions
from harness.load.targets import SIMULATOR, resolve_target, target_settings
from harness.model import Progress

_ATTRIBUTES = ("dialect", "model", "key_variable")
# What belongs to the address of a target, and is not shown to the simulator in its place.
_OF_ADDRESS = ("key_variable", "key_header", "ca")


def resolve_class_targets(
    parsed: argparse.Namespace, host: str | None, users: Sequence[type], progress: Progress
) -> str | None:
    """Put the target of every user class into `parsed.class_targets`; return that of `--host`.

    Of each setting the command line's comes first, then the class's, then that of its target in
    the file of targets.

    Args:
        parsed: What the command line gave.
        host: An address, the name of a target, or the word for the simulator.
        users: The scenario's user classes.
        progress: Is told where a simulator was started that is not called.

    Raises:
        BadInput: A target is unknown, a dialect does not fit it, or a class has none.
    """
    voices = [user for user in users if hasattr(user, "dialogue")]
    own = {user.__name__: class_host(user) for user in voices}
    simulated = bool(parsed.simulator) and (host == SIMULATOR or not (host or any(own.values())))
    parsed.class_hosts = not host and not simulated
    if parsed.class_hosts:
        _refuse_some(own)
        if parsed.simulator:
            progress.step("The scenario names its targets: the simulator is not called")
    parsed.class_targets = {
        user.__name__: _target_of(user, parsed, host, simulated=simulated) for user in voices
    }
    if simulated:
        parsed.simulated = True
        return str(parsed.simulator)
    return resolve_target(parsed, host)


def class_options(parsed: argparse.Namespace, users: Sequence[type]) -> dict[str, Options]:
    """Return what was asked for of each user class, checked without opening anything.

    Args:
        parsed: What the command line gave, with the targets of the classes.
        users: The scenario's user classes.

    Raises:
        BadInput: An option that no run can be made with, or that a target does not take.
    """
    targets, network = parsed.class_targets, scenario_network(users)
    several = len({repr(target) for target in targets.values()}) > 1
    found = {}
    for name, target in targets.items():
        try:
            options = read_options(
                argparse.Namespace(**(vars(parsed) | target)), target["host"], network
            )
            route_to_target(options, resolve_dialect(options))
        except BadInput as error:
            where = f"{name}, {error.where}" if several else error.where
            raise BadInput(error.what, where=where, hint=error.hint) from error
        found[name] = options
    _refuse_carrier_api(parsed.carrier_api, [one.dialect for one in found.values()])
    return found


def _target_of(
    user: Any, parsed: argparse.Namespace, host: str | None, *, simulated: bool
) -> dict[str, Any]:
    """Return the address of a class's target, and how its sessions are opened.

    Raises:
        BadInput: There is no such target, or the class's dialect does not fit it.
    """
    own, mine = argparse.Namespace(**vars(parsed)), class_host(user)
    chosen = mine if simulated or not host else host
    for name in _ATTRIBUTES:
        setattr(own, name, getattr(own, name) or getattr(user, name, ""))
    if mine and chosen != mine:
        # The key of the class's own target is not shown to another.
        own.key_variable = parsed.key_variable
    try:
        address = resolve_target(own, chosen or None)
        own.dialect = choose_dialect(own.dialect, address or "") if address else own.dialect
    except BadInput as error:
        attributes = {"--host": mine and chosen == mine, "--dialect": user_says(user, "dialect")}
        flag = error.where.partition(" ")[0]
        where = f"{user.__name__}.{flag[2:]}" if attributes.get(flag) else error.where
        raise BadInput(error.what, where=where, hint=error.hint) from error
    if simulated:
        address = at_simulator(parsed.simulator, own.dialect or DEFAULT_DIALECT)
        for name in _OF_ADDRESS:
            setattr(own, name, getattr(parsed, name))
    resolve_sessions(own)
    return {name: getattr(own, name) for name in target_settings()} | {"host": address}


def user_says(user: Any, attribute: str) -> bool:
    """Return whether a user class says something itself."""
    return bool(getattr(user, attribute, ""))


def at_simulator(address: str, dialect: str) -> str:
    """Return where the simulator at an address speaks a dialect.

    It serves the applications of each carrier at a path of their own, and all others where their
    vendors do.
    """
    parts = urlsplit(address)
    carries = find_dialect(dialect).facts.role is Role.CARRIER
    return urlunsplit((parts.scheme, parts.netloc, f"/{dialect}" if carries else "", "", ""))


def _refuse_some(hosts: Mapping[str, str]) -> None:
    """Refuse a class without a target where others have one.

    Raises:
        BadInput: There is such a class.
    """
    having = [name for name, host in hosts.items() if host]
    without = [name for name, host in hosts.items() if not host]
    if having and without:
        raise BadInput(
            f"has no target, and {having[0]} has one",
            where=without[0],
            hint="Give it a host as well, or --host for all classes",
        )


def _refuse_carrier_api(asked: str, dialects: Sequence[str]) -> None:
    """Refuse a carrier's REST API where no class calls as a carrier that has one.

    Raises:
        BadInput: It was asked for.
    """
    if asked and not any(find_dialect(name).facts.ends_over_rest for name in dialects):
        known = ", ".join(dict.fromkeys(dialects))
        raise BadInput(
            f"is for carriers with such an API, and not for {known}",
            where="--carrier-api",
            hint="See --help for what it takes",
        )
