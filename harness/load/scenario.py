"""What a scenario's users say of themselves, for whatever the command line leaves open."""

from collections.abc import Iterable
from pathlib import Path

from harness.load.options import DIRECT
from harness.plan import Dialogue


def scenario_dialogue(users: Iterable[type], turns: int | None) -> Dialogue:
    """Return the first dialogue of a scenario.

    Args:
        users: The scenario's user classes.
        turns: Turns a call that were asked for, `None` for the scenario's own.
    """
    found = (user.dialogue for user in users if hasattr(user, "dialogue"))
    dialogue: Dialogue = next(found, Dialogue())
    return dialogue if turns is None else Dialogue(turns=turns, think_ms=dialogue.think_ms)


def scenario_script(users: Iterable[type]) -> Path | None:
    """Return the scenario's dialogue script, `None` where it has none."""
    found = (getattr(user, "script", None) for user in users)
    return next((path for path in found if path is not None), None)


def scenario_network(users: Iterable[type]) -> str:
    """Return the scenario's mix of networks; direct calls where it has none."""
    return next(filter(None, (getattr(user, "network", "") for user in users)), DIRECT)
