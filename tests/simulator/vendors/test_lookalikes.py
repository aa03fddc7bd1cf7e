"""Services that resemble OpenAI's: the words of the callers' side beside those of the simulator."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from harness import environment
from harness.corpus import obtain_corpus
from harness.dialects import SessionWishes, find_dialect
from harness.dialects.lookalikes import LOOK_ALIKES
from harness.engine.target_check import check
from harness.model import NoProgress
from tests.conftest import Served

KEY = "a-key-that-is-right"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    served = Served("--api-key-env", "SERVED_KEY", "--auth-status", "401", SERVED_KEY=KEY)
    yield served.host
    served.close()


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_call_is_held_in_the_service_s_own_words(
    name: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", KEY)
    corpus = obtain_corpus("synthetic", environment.cache_dir(), NoProgress())
    own = {"turn_detection": {"type": "server_vad", "silence_duration_ms": 400}}
    wishes = SessionWishes.of({} if name in ("azure", "inworld") else own, "a test")
    found = check(host, find_dialect(name), corpus, 1, wishes=wishes)
    session = found.session
    assert (session.fault, session.settings_refused, session.differs) == (None, "", ())
    (turn,) = found.turns
    assert turn.at.first_audible_ns is not None, turn.fault
    assert turn.at.server_endpoint_ns is not None
    assert {"TextDelta", "usage", "SessionConfigured"} <= found.seen


async def _refused(address: str, update: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Return the first error that follows a `session.update`."""
    async with connect(address, additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "session.update", "session": update}))
        async for message in socket:
            event: dict[str, Any] = json.loads(message)
            if event["type"] == "error":
                return dict(event["error"])
    raise AssertionError("no error came")


@pytest.mark.parametrize(
    ("path", "headers", "update", "param"),
    [
        (
            "/voice-live/realtime?api-version=2026-04-10&model=m",
            {"api-key": KEY},
            {"audio": {}},
            "session.audio",
        ),
        (
            "/v1/realtime?model=grok-voice-latest",
            {"Authorization": f"Bearer {KEY}"},
            {"audio": {"input": {"turn_detection": None}}},
            "session.audio.input.turn_detection",
        ),
    ],
)
def test_openai_s_own_form_is_refused(
    host: str, path: str, headers: dict[str, str], update: dict[str, Any], param: str
) -> None:
    error = asyncio.run(asyncio.wait_for(_refused(host + path, update, **headers), 10))
    assert error["param"] == param
