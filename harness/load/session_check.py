"""One session of every kind that a run asks for, opened before the run; and what it is like.

A target that refuses, or that confirms other settings than the user's own, is told before any load.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from harness.engine.engine import AudioEngine
from harness.engine.preflight import Visit, refusal, visit
from harness.engine.route import Route
from harness.load.options import Options
from harness.model import AskedSession, PromptSize

Visits = Mapping[str, Visit]
"""What the target said to the session of each user class."""

_BYTES_A_TOKEN = 4
_TOOL_NAME_CHARS = 64


def try_sessions(engine: AudioEngine, options: Options, routes: Mapping[str, Route]) -> Visits:
    """Open a session for every user class that asks for another, and close it again.

    Args:
        engine: Opens them.
        options: Whether differing settings stop the run.
        routes: The route of each user class.

    Raises:
        BadInput: The target opens no session, or its settings do not take hold.
    """
    done: list[tuple[Route, Visit]] = []
    found = {}
    for name, route in routes.items():
        known = next((one for before, one in done if _is_same(before, route)), None)
        if known is None:
            known = engine.run(visit(route))
            # Defaults of ours that a server refuses make the run degraded, since nobody asked for
            # them; with settings of the user's own that did not take hold no load begins.
            may_go_on = options.allow_differences or not route.settings.wishes
            if known.fault is not None and not (known.is_of_settings and may_go_on):
                raise refusal(route, known.fault)
            done.append((route, known))
        found[name] = known
    return found


def _is_same(one: Route, other: Route) -> bool:
    """Return whether two routes lead to sessions of one kind."""
    return (one.target, one.dialect.name, one.headers, one.settings) == (
        *(other.target, other.dialect.name, other.headers, other.settings),
    )


def try_sessions_alone(options: Options, routes: Mapping[str, Route]) -> Visits:
    """Open the sessions from a process that holds no calls, on an engine of its own.

    Raises:
        BadInput: As `try_sessions`.
    """
    engine = AudioEngine()
    engine.start()
    try:
        return try_sessions(engine, options, routes)
    finally:
        engine.stop()


def asked_sessions(
    routes: Mapping[str, Route], visits: Visits, *, whole: bool
) -> tuple[AskedSession, ...]:
    """Return what the manifest says of the sessions that are asked for.

    Args:
        routes: The route of each user class.
        visits: What the target said, where it was asked.
        whole: Keep the sessions themselves.
    """
    return tuple(
        _asked(name, route, visits.get(name), whole=whole)
        for name, route in routes.items()
        if route.dialect.facts.takes_session
    )


def _asked(user_class: str, route: Route, seen: Visit | None, *, whole: bool) -> AskedSession:
    session = route.dialect.asked(route.settings)
    text = _json(session)
    tools = session.get("tools")
    named = [tool for tool in tools if isinstance(tool, Mapping)] if tools else []
    instructions = session.get("instructions")
    return AskedSession(
        user_class=user_class,
        source=route.settings.wishes.source if route.settings.wishes else "",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        instructions=_size(instructions) if isinstance(instructions, str) else None,
        tools=_size(_json(tools)) if tools else None,
        tool_names=tuple(str(tool.get("name", ""))[:_TOOL_NAME_CHARS] for tool in named),
        settings=() if seen is None else seen.answers,
        acknowledged=None if seen is None else seen.acknowledged,
        session=text if whole else "",
    )


def _size(text: str) -> PromptSize | None:
    """Return how large a part of the prompt is, `None` for an empty one."""
    data = text.encode()
    if not data:
        return None
    return PromptSize(
        sha256=hashlib.sha256(data).hexdigest(),
        characters=len(text),
        tokens_estimated=-(-len(data) // _BYTES_A_TOKEN),
    )


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
