"""What a scenario's users say of themselves, for whatever the command line leaves open."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import BadInput
from harness.model import DIRECT
from harness.plan import Dialogue


def refuse_mixture(users: Iterable[type], *, dialogue: bool, network: bool) -> None:
    """Refuse user classes whose callers are to do different things: a run holds one kind of call.

    Args:
        users: The scenario's user classes.
        dialogue: Whether the command line says what all callers do.
        network: Whether the command line says through which networks all call.

    Raises:
        BadInput: Two classes differ in what the command line leaves open.
    """
    first: type | None = None
    for user in users:
        if not hasattr(user, "dialogue"):
            continue
        if first is None:
            first = user
        differing = [
            name
            for name, given in (
                ("dialogue", dialogue),
                ("script", dialogue),
                ("agent_speaks_first", dialogue),
                ("network", network),
            )
            if not given and getattr(user, name, None) != getattr(first, name, None)
        ]
        if differing:
            raise BadInput(
                f"differ in {' and '.join(differing)}, and a run holds one kind of call",
                where=f"{first.__name__} and {user.__name__}",
                hint="Name one of them at the end of the command line, or keep them in two files",
            )


def scenario_dialogue(users: Sequence[type], turns: int | None) -> Dialogue:
    """Return the first dialogue of a scenario.

    Args:
        users: The scenario's user classes.
        turns: Turns a call that were asked for, `None` for the scenario's own.
    """
    found = (user.dialogue for user in users if hasattr(user, "dialogue"))
    dialogue: Dialogue = next(found, Dialogue())
    greeted = any(getattr(user, "agent_speaks_first", False) for user in users)
    return replace(
        dialogue,
        turns=dialogue.turns if turns is None else turns,
        agent_speaks_first=dialogue.agent_speaks_first or greeted,
    )


def scenario_script(users: Iterable[type]) -> Path | None:
    """Return the scenario's dialogue script, `None` where it has none."""
    found = (getattr(user, "script", None) for user in users)
    return next((path for path in found if path is not None), None)


def scenario_network(users: Iterable[type]) -> str:
    """Return the scenario's mix of networks; direct calls where it has none."""
    return next(filter(None, (getattr(user, "network", "") for user in users)), DIRECT)
