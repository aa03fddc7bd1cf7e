import base64
import json
from typing import Any

import pytest

from harness.dialects import DIALECTS, MalformedMessage
from harness.dialects.carriers.amazon_connect import RATES_HZ, AmazonConnect, dialect_name
from harness.model import (
    AudioDelta,
    AudioFormat,
    CallEnded,
    Event,
    Notice,
    Owed,
    PlaybackCleared,
    PressKey,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
)

IDENTITY = "0123456789abcdef0123456789abcdef"
CONTEXT = "01234567-89ab-cdef-0123-456789abcdef"
EXT = "https://docs.aws.amazon.com/connect/a2a/ext/v1"
DIALECT = AmazonConnect()
Json = dict[str, Any]


class Agent:
    """An agent's side of one call, in a few words."""

    def __init__(self, rate_hz: int = 16_000) -> None:
        self.call = AmazonConnect(rate_hz).open(IDENTITY)

    def says(self, **result: Json) -> tuple[Event, ...]:
        return self.call.parse(json.dumps({"jsonrpc": "2.0", "id": "e", "result": result}).encode())

    def tells(self, kind: str, data: Json, context: str = CONTEXT) -> tuple[Event, ...]:
        return self.says(message={"contextId": context, **_message(kind, data)})

    def answers(self, **told: Any) -> tuple[Event, ...]:
        return self.tells("INIT_SESSION_RESPONSE", {"initSessionResponse": told})

    def sounds(
        self, raw: str = "AAAA", *, name: str = "a", last: bool = False, kind: str = ""
    ) -> tuple[Event, ...]:
        tag = {f"{EXT}/eventType": kind or "AUDIO_RESPONSE_CHUNK"}
        parts = [{"raw": raw, "mediaType": "audio/lpcm"}]
        artifact = {"artifactId": name, "parts": parts, "metadata": tag}
        update = {"taskId": f"task-{name}", "contextId": CONTEXT, "artifact": artifact}
        return self.says(artifactUpdate={**update, "lastChunk": last})

    def ends(
        self, state: str, message: Json | None = None, task: str = "task-a"
    ) -> tuple[Event, ...]:
        status = {"state": f"TASK_STATE_{state}", "message": message}
        return self.says(statusUpdate={"taskId": task, "status": status})


def _message(kind: str, data: Json) -> Json:
    return {"parts": [{"data": data}], "metadata": {f"{EXT}/eventType": kind}}


def _pcm(rate_hz: int) -> Json:
    return {
        "encoding": "LINEAR_PCM",
        "sampleRateHertz": rate_hz,
        "sampleSizeBits": 16,
        "channelCount": 1,
    }


def _done(
    name: str, status: ResponseStatus = ResponseStatus.COMPLETED, code: str = "", detail: str = ""
) -> ResponseDone:
    return ResponseDone(name, status, code, detail)


def _refused(code: str, words: str) -> tuple[Event, ...]:
    return ProviderError(code, words, of_settings=False), CallEnded(f"{code}: {words}")


FAILURE = _message("ERROR", {"error": {"errorCode": 424.0, "errorReason": "no orders"}})


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_session_is_proposed_at_the_rate_that_was_asked_for(rate_hz: int) -> None:
    dialect = DIALECTS[dialect_name(rate_hz)]()
    assert dialect.audio == AudioFormat(rate_hz)
    (first,) = dialect.open(IDENTITY).opening()
    message = json.loads(first)["params"]["message"]
    assert message["contextId"] == CONTEXT
    proposed = message["parts"][0]["data"]["initSession"]
    assert proposed["audioInputConfiguration"] == _pcm(rate_hz)
    assert proposed["audioOutputConfiguration"] == _pcm(rate_hz)
    assert proposed["contactArn"].startswith(f"{proposed['instanceArn']}/contact/")


def test_the_key_is_a_bearer_token_beside_the_extension() -> None:
    assert DIALECT.headers(None, "wss://x") == [("A2A-Extensions", EXT)]
    assert DIALECT.headers("k", "wss://x")[-1] == ("Authorization", "Bearer k")


def test_audio_messages_are_requests_of_their_own() -> None:
    call, frame = DIALECT.open(IDENTITY), bytes(640)
    sent = [json.loads(call.frame(DIALECT.append_audio(frame))) for _ in range(2)]
    assert [message["id"] for message in sent] == ["audio-1", "audio-2"]
    message = sent[1]["params"]["message"]
    assert (message["messageId"], message["contextId"]) == ("audio-2", CONTEXT)
    assert base64.b64decode(message["parts"][0]["raw"]) == frame


def test_the_agent_may_speak_once_it_has_answered_and_the_channel_is_ready() -> None:
    owed, created, configured = Agent().answers(statusCode="200")
    assert isinstance(owed, Owed)
    ready = json.loads(owed.message)["params"]["message"]
    assert ready["parts"][0]["data"] == {"channelState": {"state": "READY"}}
    assert created == SessionCreated(CONTEXT)
    assert isinstance(configured, SessionConfigured)
    assert (configured.output, configured.input) == (AudioFormat(16_000), AudioFormat(16_000))


def test_a_second_answer_changes_nothing() -> None:
    agent = Agent()
    agent.answers(statusCode=200.0)
    assert agent.answers(statusCode=200.0) == (Notice("INIT_SESSION_RESPONSE"),)


def test_the_agent_may_choose_how_it_writes_its_audio() -> None:
    *_, configured = Agent().answers(statusCode="200", audioOutputConfiguration=_pcm(24_000))
    assert isinstance(configured, SessionConfigured)
    assert configured.output == AudioFormat(24_000)
    opus = {**_pcm(24_000), "encoding": "OPUS"}
    *_, configured = Agent().answers(statusCode="200", audioOutputConfiguration=opus)
    assert isinstance(configured, SessionConfigured)
    assert configured.output is None
    assert '"OPUS"' in configured.output_unknown


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (_pcm(24_000), "the agent wants to hear 24000 Hz: choose amazon-connect-24k"),
        (_pcm(8_000), "the agent wants to hear 8000 Hz: choose amazon-connect-8k"),
        (_pcm(11_025), "the agent wants to hear another format than linear PCM at 8, 16 or 24 kHz"),
        ({}, "the agent wants to hear another format than linear PCM at 8, 16 or 24 kHz"),
    ],
)
def test_an_agent_that_wants_to_hear_other_audio_is_refused(wanted: Json, words: str) -> None:
    refused = Agent().answers(statusCode="200", audioInputConfiguration=wanted)
    assert refused == _refused("audioInputConfiguration", words)


def test_an_agent_may_refuse_the_session() -> None:
    refused = Agent().answers(statusCode="503")
    assert refused == _refused("503", "the agent refused the session")
    agent = Agent()
    error = {"jsonrpc": "2.0", "id": "1", "error": {"code": -32603, "message": "no model"}}
    text = json.dumps(error).encode()
    assert agent.call.parse(text) == _refused("-32603", "no model")
    # Once there is a session, an error is of one request.
    agent.answers()
    assert agent.call.parse(text) == (ProviderError("-32603", "no model"),)


def test_a_last_chunk_ends_a_response_and_may_be_empty() -> None:
    agent = Agent()
    assert agent.sounds() == (AudioDelta(b"AAAA", "a"),)
    assert agent.sounds(last=True) == (AudioDelta(b"AAAA", "a"), _done("a"))
    assert agent.ends("COMPLETED") == (Notice("TASK_STATE_COMPLETED"),)
    agent.sounds(name="b")
    assert agent.sounds("", name="b", last=True) == (_done("b"),)


def test_the_end_of_a_turn_ends_a_response_without_a_last_chunk() -> None:
    agent = Agent()
    agent.sounds()
    assert agent.ends("WORKING") == (Notice("TASK_STATE_WORKING"),)
    assert agent.ends("COMPLETED", task="another") == (Notice("TASK_STATE_COMPLETED"),)
    assert agent.ends("COMPLETED") == (_done("a"),)


def test_audio_that_is_not_tagged_as_such_is_nothing_that_connect_plays() -> None:
    with pytest.raises(MalformedMessage, match="not tagged"):
        Agent().sounds(kind="AUDIO")


@pytest.mark.parametrize("state", ["FAILED", "CANCELED", "REJECTED"])
def test_a_failed_turn_fails_its_own_response(state: str) -> None:
    failed = (ResponseStatus.FAILED, "424", "no orders")
    agent = Agent()
    assert agent.ends(state, FAILURE) == (_done("", *failed),)
    agent.sounds()
    assert agent.ends(state, FAILURE) == (_done("a", *failed),)
    # Another turn's is none of the response that is being sent.
    agent.sounds(name="b")
    assert agent.ends(state, FAILURE) == (ProviderError("424", "no orders"),)
    assert agent.ends(state, FAILURE, task="") == (_done("b", *failed),)


def test_what_is_taken_back_is_not_completed_by_its_turn() -> None:
    agent = Agent()
    agent.sounds()
    interruption = {"interruption": {"type": "USER_AUDIO_INPUT"}}
    assert agent.tells("INTERRUPTION", interruption) == (PlaybackCleared(),)
    assert agent.ends("COMPLETED") == (Notice("TASK_STATE_COMPLETED"),)


def test_an_agent_ends_the_call_with_its_turn_or_by_itself() -> None:
    finish = {"finish": {"type": "ESCALATE", "reason": "wants a person"}}
    agent = Agent()
    agent.sounds()
    ended = CallEnded("ESCALATE, wants a person")
    assert agent.ends("COMPLETED", _message("FINISH", finish)) == (_done("a"), ended)
    agent.sounds(name="b")
    assert agent.tells("FINISH", {"finish": {"type": "COMPLETE"}}) == (
        _done("b"),
        CallEnded("COMPLETE"),
    )


def test_a_fragmented_frame_is_read_when_it_is_whole() -> None:
    agent = Agent()
    agent.sounds()
    status = {"taskId": "task-a", "status": {"state": "TASK_STATE_COMPLETED"}}
    frame = {"id": "e", "result": {"statusUpdate": status}}
    text = base64.b64encode(json.dumps(frame).encode()).decode()
    came = [
        agent.tells("FRAGMENT", {"fragment": {**part, "totalParts": 2.0}}, context="")
        for part in (
            {"fragmentId": "f", "partNumber": 1, "payload": text[30:]},
            {"fragmentId": "f", "partNumber": 0, "payload": text[:30]},
        )
    ]
    assert came == [(Notice("FRAGMENT"),), (_done("a"),)]


def test_no_key_of_a_telephone_is_sent() -> None:
    assert not DIALECT.facts.presses_keys
    assert DIALECT.open(IDENTITY).request(PressKey("1")) == []


@pytest.mark.parametrize("result", [{}, {"task": {"id": "t", "status": {}}}])
def test_what_has_nothing_to_measure_is_only_noticed(result: Json) -> None:
    assert Agent().says(**result) == (Notice("result"),)
    assert Agent().call.parse(b'{"id":"audio-1","result":null}') == (Notice("result"),)


@pytest.mark.parametrize(
    "text",
    [
        *(b"no json", b"{}", b"[]", b"\xff", b'{"result":[]}', b'{"result":{"statusUpdate":{}}}'),
        b'{"result":{"message":{"contextId":"another call","parts":[]}}}',
        b'{"method":"SendMessage","params":{}}',
    ],
)
def test_what_is_no_frame_of_this_call_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Agent().call.parse(text)
