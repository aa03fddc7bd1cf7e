"""Attributes of a scenario's user classes: used where the command line gives none."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.dialects import DIALECTS, NO_WISHES, SessionWishes
from harness.errors import BadInput, sanitised
from harness.load.options import VARIABLE
from harness.load.session_file import read_session, session_from
from harness.load.targets import refuse_credentials
from harness.load.tool_files import tools_from
from harness.model import DIRECT
from harness.plan import Dialogue, parse_mix
from harness.plan.tools import Tool

_OURS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "dialogue": ((Dialogue,), "a Dialogue, such as Dialogue(turns=6)"),
    "script": ((str, Path, type(None)), "the path of a dialogue script"),
    "corpus": ((str, Path), "a corpus name, or the path of a folder or manifest"),
    "network": ((str,), 'names of networks, such as "lte_poor=3,wifi_good=1"'),
    "agent_speaks_first": ((bool,), "True or False"),
    "arrivals": ((str,), 'when calls begin, such as "30/min"'),
    "session": ((dict, str, Path, type(None)), 'an object, such as {"instructions": "Be brief."}'),
    "after_no_answer": ((str,), '"go_on" or "hang_up"'),
    "host": ((str, type(None)), "an address, or the name of a target in harness.toml"),
    "dialect": ((str,), 'the name of a dialect, such as "twilio"'),
    "model": ((str,), "the name of a model"),
    "key_variable": ((str,), 'the name of a variable, such as "MY_API_KEY"'),
    "tools": ((tuple, list), 'tools, such as ("place_order", Tool("look_up", result="sunny"))'),
}
HANG_UP = "hang_up"
AFTER_NO_ANSWER = ("go_on", HANG_UP)
_LOCUSTS = ("wait_time", "weight", "fixed_count", "tasks", "abstract")
_SET_BY_ITSELF = ("reacts", "told_error", "calls_begun", "idle_tasks")
_OF_A_RUN = {"turns": "--turns"}


def check_attributes(name: str, attributes: Mapping[str, Any]) -> None:
    """Refuse attributes of a user class that are unknown or have a wrong value.

    A scenario may have attributes of its own, unless they look like a misspelling of ours.

    Args:
        name: Of the class.
        attributes: Those that it defines itself.

    Raises:
        BadInput: One is misspelt, of the wrong type, or belongs to the whole run.
    """
    known = (*_OURS, *_LOCUSTS, *_SET_BY_ITSELF)
    for attribute, value in attributes.items():
        where = f"{name}.{attribute}"
        if attribute in _OURS:
            _check_ours(attribute, value, where)
        elif attribute in ("weight", "fixed_count"):
            _check_count(attribute, value, where)
        elif attribute in _OF_A_RUN:
            raise BadInput(
                "is no attribute of a user class: it holds for the whole run",
                where=where,
                hint=f"Give {_OF_A_RUN[attribute]} on the command line",
            )
        elif attribute not in known and not attribute.startswith("_") and not callable(value):
            near = get_close_matches(attribute, known, 1, 0.75)
            if near:
                raise BadInput("is not understood", where=where, hint=f"Did you mean {near[0]}?")


def _check_ours(attribute: str, value: Any, where: str) -> None:
    kinds, words = _OURS[attribute]
    fits = isinstance(value, kinds)
    if not fits:
        raise BadInput(f"is not {words}", where=where)
    if attribute == "network":
        parse_mix(value or DIRECT)
    elif attribute == "session" and isinstance(value, dict):
        session_from(value, where)
    elif attribute == "after_no_answer" and value not in AFTER_NO_ANSWER:
        raise BadInput(f"is not {words}", where=where)
    elif attribute == "tools":
        tools_from(value, where)
    elif attribute in ("host", "dialect", "key_variable") and value:
        _check_target(attribute, value, where)


def _check_count(attribute: str, value: Any, where: str) -> None:
    kinds = (int,) if attribute == "fixed_count" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= 1_000_000:
        raise BadInput("is not a number from 0 up to a million", where=where)


def _check_target(attribute: str, value: str, where: str) -> None:
    """Refuse what cannot be said of a target.

    Raises:
        BadInput: It is such.
    """
    if attribute == "host":
        refuse_credentials(value, where)
    elif attribute == "dialect" and value not in DIALECTS:
        words = f"is no dialect: {sanitised(value)}"
        raise BadInput(words, where=where, hint=f"One of: {', '.join(DIALECTS)}")
    elif attribute == "key_variable" and not VARIABLE.fullmatch(value):
        # What stands there may be the key itself, so it is not shown.
        raise BadInput(
            "is not the name of a variable",
            where=where,
            hint="Put the key into the environment, and the variable's name here, as MY_KEY",
        )


def class_dialogue(user: Any, turns: int | None) -> Dialogue:
    """Return the dialogue of a user class.

    Args:
        user: The class, `None` where the scenario has none.
        turns: Turns a call that were asked for, `None` for the scenario's own.
    """
    dialogue: Dialogue = getattr(user, "dialogue", Dialogue())
    greeted = bool(getattr(user, "agent_speaks_first", False))
    return replace(
        dialogue,
        turns=dialogue.turns if turns is None else turns,
        agent_speaks_first=dialogue.agent_speaks_first or greeted,
    )


def class_hangs_up(user: Any, asked: str) -> bool:
    """Return whether callers of a class hang up after a turn without an answer.

    Args:
        user: The class, `None` where the scenario has none.
        asked: What the command line says; empty for the class's own.
    """
    return (asked or getattr(user, "after_no_answer", "")) == HANG_UP


def class_reacts(user: Any) -> bool:
    """Return whether tasks of the class's own lead its calls."""
    return bool(getattr(user, "reacts", False))


def class_tools(user: Any) -> tuple[Tool, ...]:
    """Return the tools that the application of a user class offers, their files read.

    Raises:
        BadInput: A file cannot be read.
    """
    name = getattr(user, "__name__", "scenario")
    return tools_from(getattr(user, "tools", ()), f"{name}.tools")


def class_script(user: Any) -> Path | None:
    """Return the dialogue script of a user class, `None` where it has none."""
    script = getattr(user, "script", None)
    return None if script is None else Path(script)


def class_session(user: Any) -> SessionWishes:
    """Return the session that a user class asks for: an object, or the path of a file.

    Raises:
        BadInput: It is no session.
    """
    session = getattr(user, "session", None)
    if not session:
        return NO_WISHES
    where = f"{user.__name__}.session"
    if isinstance(session, str | Path):
        return read_session(Path(session), where)
    return session_from(session, where)


def class_host(user: Any) -> str:
    """Return the target of a user class, as address or name; empty where it has none."""
    return getattr(user, "host", None) or ""


def class_corpus(user: Any) -> str:
    """Return the corpus of a user class by its name or path; empty for the run's default."""
    return str(getattr(user, "corpus", None) or "")


def class_network(user: Any) -> str:
    """Return the mix of networks of a user class; direct calls where it has none."""
    return getattr(user, "network", "") or DIRECT


def scenario_corpora(users: Iterable[type]) -> dict[str, str]:
    """Return the corpora that a scenario asks for, each with the first user class that does."""
    found: dict[str, str] = {}
    for user in users:
        if hasattr(user, "dialogue"):
            found.setdefault(class_corpus(user), user.__name__)
    return found


def scenario_arrivals(users: Iterable[type]) -> str:
    """Return when calls begin by what a scenario says, empty where it says nothing.

    Raises:
        BadInput: Its classes do not agree: there is one schedule, which is dealt to them.
    """
    found = list(dict.fromkeys(getattr(user, "arrivals", "") for user in users))
    if len(found) > 1:
        raise BadInput(
            "user classes have different arrivals",
            where="scenario",
            hint="Say the same in each: calls are dealt to classes by weight",
        )
    return found[0] if found else ""


def scenario_network(users: Iterable[type]) -> str:
    """Return the networks that the user classes of a scenario call through.

    One class has the shares that it says; of several, every network is named once.
    """
    found = [class_network(user) for user in users if hasattr(user, "dialogue")]
    if len(found) < 2:
        return found[0] if found else DIRECT
    return ",".join(dict.fromkeys(name for mix in found for name, _ in parse_mix(mix)))
