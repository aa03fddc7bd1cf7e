"""What a relay says and understands, held against messages as the carriers document them."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from harness.dialects import DialectSession, MalformedMessage, SessionSettings
from harness.dialects.carriers.conversation_relay import ConversationRelay
from harness.dialects.carriers.relay_tables import TELNYX_RELAY, TWILIO_RELAY
from harness.dialects.carriers.signature import signature
from harness.model import (
    AudioDelta,
    CallEnded,
    CancelResponse,
    CommitTurn,
    Event,
    Interrupted,
    Notice,
    PressKey,
    RequestResponse,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    TextDelta,
)

TWILIO, TELNYX = ConversationRelay(TWILIO_RELAY), ConversationRelay(TELNYX_RELAY)
IDENTITY = "0123456789abcdef0123456789abcdef"
DONE = ResponseDone("", ResponseStatus.COMPLETED)
WEBHOOK = "https://app.example/voice"


def read(session: DialectSession, **message: Any) -> tuple[Event, ...]:
    return session.parse(json.dumps(message).encode())


def told(messages: list[bytes]) -> dict[str, Any]:
    (message,) = messages
    found: dict[str, Any] = json.loads(message)
    return found


def test_a_response_is_text_piece_by_piece_until_the_last() -> None:
    session = TWILIO.open(IDENTITY)
    assert read(session, type="text", token="Life", last=False) == (
        ResponseCreated(),
        TextDelta("", "Life"),
        AudioDelta(b"Life"),
    )
    assert read(session, type="text", token=" is", interruptible=True) == (
        TextDelta("", " is"),
        AudioDelta(b" is"),
    )
    assert read(session, type="text", token="", last=True) == (DONE,)
    assert read(session, type="text", token="So", last="true") == (
        ResponseCreated(),
        TextDelta("", "So"),
        AudioDelta(b"So"),
        DONE,
    )


def test_a_prompt_begins_another_response_and_an_interruption_does_not() -> None:
    session = TWILIO.open(IDENTITY)
    read(session, type="text", token="Life")
    interrupt = told(session.request(Interrupted("Life is a complex set of", 460)))
    assert interrupt == {
        "type": "interrupt",
        "utteranceUntilInterrupt": "Life is a complex set of",
        "durationUntilInterruptMs": 460,
    }
    assert read(session, type="text", token=" late") == (
        TextDelta("", " late"),
        AudioDelta(b" late"),
    )
    prompt = told(session.request(CommitTurn("Hi! Can you tell me about life?")))
    assert prompt == {
        "type": "prompt",
        "voicePrompt": "Hi! Can you tell me about life?",
        "lang": "en-US",
        "last": True,
    }
    assert read(session, type="text", token="Yes")[0] == ResponseCreated()


def test_an_end_without_text_is_the_rest_of_a_response_that_was_cut_off() -> None:
    session = TWILIO.open(IDENTITY)
    read(session, type="text", token="Life")
    session.request(CommitTurn("Wait"))
    assert read(session, type="text", token="", last=True) == (Notice("text"),)


def test_keys_are_told_and_nothing_else_is_asked() -> None:
    session = TELNYX.open(IDENTITY)
    assert told(session.request(PressKey("1"))) == {"type": "dtmf", "digit": "1"}
    for silent in (CommitTurn(), RequestResponse(), CancelResponse()):
        assert session.request(silent) == []
    assert told(session.request(CommitTurn("Hi")))["lang"] == "en"


@pytest.mark.parametrize("other", ["play", "sendDigits", "language", "error", "info"])
def test_other_messages_are_noticed(other: str) -> None:
    assert read(TWILIO.open(IDENTITY), type=other, source="https://a/b.mp3") == (Notice(other),)


def test_the_application_ends_the_call() -> None:
    assert read(TWILIO.open(IDENTITY), type="end", handoffData="{}") == (CallEnded(),)


@pytest.mark.parametrize("message", [b"{}", b"[]", b"{", b'{"type":"text","token":7}'])
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(MalformedMessage):
        TWILIO.open(IDENTITY).parse(message)


def test_the_call_is_announced_and_its_relay_dialled_as_twilio_does() -> None:
    session = TWILIO.open(IDENTITY)
    posted = session.incoming("secret", WEBHOOK, SessionSettings())
    form = {name: value for name, (value,) in parse_qs(posted.content.decode()).items()}
    assert form["CallSid"] == session.call_name == f"CA{IDENTITY}"
    assert posted.headers == (("X-Twilio-Signature", signature("secret", WEBHOOK, form)),)
    answer = (
        b'<Response><Connect><ConversationRelay url="wss://app.example/relay"'
        b' welcomeGreeting="Hi"><Parameter name="foo" value="bar"/></ConversationRelay>'
        b"</Connect></Response>"
    )
    assert session.answered(answer) == "wss://app.example/relay"
    assert told(session.opening())["customParameters"] == {"foo": "bar"}
    with pytest.raises(MalformedMessage, match="no <Connect><ConversationRelay>"):
        session.answered(b'<Response><Connect><Stream url="wss://a"/></Connect></Response>')


def test_the_upgrade_is_signed_where_the_carrier_signs_it() -> None:
    address = "wss://app.example/relay"
    signed = ("X-Twilio-Signature", signature("secret", address))
    assert TWILIO.headers("secret", address) == [signed]
    assert TWILIO.headers(None, address) == TELNYX.headers("secret", address) == []


def test_no_audio_is_sent_and_nobody_but_us_ends_a_turn() -> None:
    assert TWILIO.append_audio(bytes(320)) == b""
    assert TWILIO.commits(SessionSettings())
    assert TWILIO.facts.in_text
    assert not TWILIO.facts.marks_playback
