import json
from typing import Any

import pytest

from harness.dialects import CallQueued, MalformedMessage, SessionSettings, SessionWishes
from harness.dialects.vendors.vapi import Vapi
from harness.errors import BadInput
from harness.model import AudioDelta, BinaryMessage, Event, Notice, SpeechStarted, TextDelta

DIALECT = Vapi()
AUDIO = {"format": "pcm_s16le", "container": "raw", "sampleRate": 16_000}


def _asked(wishes: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Return the call that is asked for, as it is posted."""
    if wishes is not None:
        settings["wishes"] = SessionWishes.of(wishes, "--session")
    posted = DIALECT.open("").incoming("k", "", SessionSettings(**settings))
    assert posted.kind == "application/json"
    return dict(json.loads(posted.content))


def _answer(name: str = "call-1", place: str = "place", **fields: Any) -> bytes:
    socket = f"wss://api.vapi.ai/{place}/transport"
    transport = {"provider": "vapi.websocket", "websocketCallUrl": socket}
    return json.dumps({"id": name, "transport": transport, **fields}).encode()


def _read(**message: Any) -> tuple[Event, ...]:
    return DIALECT.open("").parse(json.dumps(message).encode())


def test_a_call_is_asked_for_with_its_audio_and_an_agent_of_ours() -> None:
    asked = _asked(instructions="Be brief.", model="gpt-4.1")
    assert asked["transport"] == {"provider": "vapi.websocket", "audioFormat": AUDIO}
    agent = asked["assistant"]
    assert agent["model"]["model"] == "gpt-4.1"
    assert agent["model"]["messages"] == [{"role": "system", "content": "Be brief."}]
    assert {"speech-update", "transcript"} <= set(agent["clientMessages"])


def test_the_user_s_own_agent_goes_before_ours() -> None:
    asked = _asked({"assistantId": "mine", "assistantOverrides": {"maxDurationSeconds": 60}})
    assert asked.keys() == {"transport", "assistantId", "assistantOverrides"}


@pytest.mark.parametrize(
    ("wishes", "model", "words"),
    [
        ({"transport": {}}, "", "--session: transport is the dialect's"),
        ({"assistantId": "mine"}, "m", "--model m: the agent of --session has a model"),
    ],
)
def test_what_cannot_be_had_is_refused(wishes: dict[str, Any], model: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        _asked(wishes, model=model)


def test_the_key_creates_the_call() -> None:
    assert DIALECT.headers("k", "") == [("Authorization", "Bearer k")]
    assert DIALECT.headers(None, "") == []


def test_a_call_is_dialled_where_the_answer_says() -> None:
    session = DIALECT.open("")
    free = {"concurrencyBlocked": False, "remainingConcurrentCalls": 9}
    assert session.answered(_answer(status="queued", subscriptionLimits=free)) == (
        "wss://api.vapi.ai/place/transport"
    )
    assert session.identifier == "call-1"
    assert session.closing() == [b'{"type":"end-call"}']


def test_a_name_that_opens_the_call_is_not_recorded() -> None:
    session = DIALECT.open("")
    session.answered(_answer("7420f27a", "7420f27a"))
    assert session.identifier == ""


def test_a_queued_call_is_not_dialled() -> None:
    blocked = {"concurrencyBlocked": True, "concurrencyLimit": 10}
    with pytest.raises(CallQueued, match="the limit of 10 calls at once is reached"):
        DIALECT.open("").answered(_answer(subscriptionLimits=blocked))


@pytest.mark.parametrize("answer", [b"no json", b"[]", b"{}", b'{"transport":{}}', b'{"id":1}'])
def test_an_answer_without_a_socket_is_malformed(answer: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open("").answered(answer)


def test_audio_comes_in_binary_messages() -> None:
    session = DIALECT.open("")
    assert session.parse(BinaryMessage(b"{}")) == (AudioDelta(b"{}"),)
    assert DIALECT.append_audio(b"\1\0") == BinaryMessage(b"\1\0")


def test_what_is_said_of_turns() -> None:
    assert _read(type="speech-update", role="user", status="started") == (SpeechStarted(),)
    # Its voice detection, not the decision that the turn is over.
    assert _read(type="speech-update", role="user", status="stopped") == (Notice("speech-update"),)
    said = {"transcript": "Good day.", "transcriptType": "final"}
    assert _read(type="transcript", role="assistant", **said) == (TextDelta(text="Good day. "),)
    assert _read(type="transcript", role="user", **said) == (Notice("transcript"),)


@pytest.mark.parametrize("text", [b"no json", b"{}", b"[]", b'{"type":1}'])
def test_a_text_that_is_no_message_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open("").parse(text)
