from dataclasses import replace
from typing import Any

import pytest

from harness.dialects import SessionWishes
from harness.engine.preflight import Visit
from harness.engine.route import Route
from harness.errors import BadInput, Fault, Party, Phase
from harness.load.options import Options
from harness.load.run_setup import resolve_dialect, route_to_target
from harness.load.session_check import asked_sessions, try_sessions
from harness.model import SettingAnswer

OPTIONS = Options(host="ws://127.0.0.1:1")
DIFFERS = Fault(Party.THEIRS, Phase.SETUP, "settings_differ", "speed is 1.0, asked for 1.1")


def route(own: dict[str, Any], options: Options = OPTIONS) -> Route:
    asked = replace(options, session=SessionWishes.of(own, "A.session"))
    return route_to_target(asked, resolve_dialect(asked))


class Engine:
    """Stands for an engine whose target answers every session alike."""

    def __init__(self, visit: Visit) -> None:
        self.visits, self._visit = 0, visit

    def run(self, errand: Any) -> Visit:
        errand.close()
        self.visits += 1
        return self._visit


def test_each_kind_of_session_is_opened_once() -> None:
    engine: Any = Engine(Visit(None, True))
    routes = {"A": route({"tracing": "auto"}), "B": route({}), "C": route({"tracing": "auto"})}
    assert set(try_sessions(engine, OPTIONS, routes)) == {"A", "B", "C"}
    assert engine.visits == 2


def test_every_target_and_every_dialect_at_it_is_visited() -> None:
    engine: Any = Engine(Visit(None, True))
    other = replace(OPTIONS, host="ws://127.0.0.1:2")
    routes = {
        "Near": route({}),
        "Also": route({}),
        "Far": route({}, other),
        "Azure": route({}, replace(OPTIONS, dialect="azure")),
    }
    assert set(try_sessions(engine, OPTIONS, routes)) == set(routes)
    assert engine.visits == 3


def test_settings_that_did_not_take_hold_end_the_run_unless_they_may_differ() -> None:
    engine: Any = Engine(Visit(DIFFERS, True))
    routes = {"A": route({"audio": {"output": {"speed": 1.1}}})}
    with pytest.raises(BadInput, match=r"speed is 1\.0, asked for 1\.1.*--allow-differences"):
        try_sessions(engine, OPTIONS, routes)
    found = try_sessions(engine, replace(OPTIONS, allow_differences=True), routes)
    assert found["A"].fault == DIFFERS


def test_defaults_of_ours_that_a_server_refuses_do_not_end_the_run() -> None:
    engine: Any = Engine(Visit(DIFFERS, True))
    assert try_sessions(engine, OPTIONS, {"A": route({})})["A"].fault == DIFFERS


def test_a_target_without_a_session_is_refused_even_where_settings_may_differ() -> None:
    gone: Any = Engine(Visit(Fault(Party.NETWORK, Phase.CONNECT, "refused")))
    with pytest.raises(BadInput, match="cannot be reached"):
        try_sessions(gone, replace(OPTIONS, allow_differences=True), {"": route({})})


def test_the_size_of_a_prompt_is_kept_and_not_the_prompt() -> None:
    own = {"instructions": "Grüße. " * 10, "tools": [{"type": "function", "name": "book"}]}
    answer = SettingAnswer(name="speed", asked="1", acknowledged="1", differs=False)
    visits = {"A": Visit(None, True, (answer,))}
    (asked,) = asked_sessions({"A": route(own)}, visits, whole=False)
    assert asked.instructions is not None
    assert (asked.instructions.characters, asked.instructions.tokens_estimated) == (70, 23)
    assert asked.tools is not None
    assert asked.tool_names == ("book",)
    assert asked.settings == (answer,)
    assert "Grüße" not in repr(asked)
    (kept,) = asked_sessions({"A": route(own)}, {}, whole=True)
    assert "Grüße" in kept.session
    assert (kept.acknowledged, kept.sha256) == (None, asked.sha256)


def test_an_application_that_configures_itself_is_asked_for_nothing() -> None:
    twilio = replace(OPTIONS, dialect="twilio", frame_ms=20)
    dialect = resolve_dialect(twilio)
    assert asked_sessions({"": route_to_target(twilio, dialect)}, {}, whole=True) == ()
    with pytest.raises(BadInput, match="twilio"):
        route({"instructions": "x"}, twilio)
