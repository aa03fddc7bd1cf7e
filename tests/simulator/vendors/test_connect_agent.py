"""Both sides of Amazon Connect's socket, written apart, understand each other."""

import base64
import json
from typing import Any
from unittest.mock import Mock

import pytest

from harness.dialects import DIALECTS
from harness.model import (
    AudioDelta,
    AudioFormat,
    Event,
    Notice,
    Owed,
    PlaybackCleared,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
)
from harness.simulator.vendors.connect_agent import CONNECT_PATHS, ConnectAgent

IDENTITY = "0123456789abcdef0123456789abcdef"
CREATED = {"type": "response.created", "response": {"id": "r"}}
DONE = {"type": "response.output_audio.done"}
STARTED = {"type": "input_audio_buffer.speech_started"}


class Held:
    """A call between a dialect's session and a simulated agent, without sockets."""

    def __init__(self, name: str = "amazon-connect") -> None:
        self.dialect = DIALECTS[name]()
        self.call = self.dialect.open(IDENTITY)
        self.link, self.service = Mock(), Mock()
        self.agent = ConnectAgent(self.link, lambda _link, _told: self.service, "")

    def says(self, *messages: bytes) -> tuple[Event, ...]:
        """Send the agent messages; what it answered at once, as events."""
        for message in messages:
            self.agent.receive(message, 1)
        return self._events()

    def serves(self, *events: dict[str, Any]) -> tuple[Event, ...]:
        """Have the service behind the agent say something; what the caller is told."""
        for event in events:
            self.agent.send(json.dumps(event).encode())
        return self._events()

    def sounds(self) -> tuple[Event, ...]:
        delta = base64.b64encode(bytes(480)).decode()
        return self.serves({"type": "response.output_audio.delta", "delta": delta})

    def _events(self) -> tuple[Event, ...]:
        told = [call.args[0] for call in self.link.send.call_args_list]
        self.link.send.reset_mock()
        return tuple(event for message in told for event in self.call.parse(message))


def _begun(name: str = "amazon-connect") -> Held:
    held = Held(name)
    owed, *_ = held.says(*held.call.opening())
    assert isinstance(owed, Owed)
    held.says(owed.message)
    return held


@pytest.mark.parametrize("name", [path[1:] for path in CONNECT_PATHS])
def test_a_session_begins_at_what_is_proposed_to_be_heard(name: str) -> None:
    held = Held(name)
    owed, created, configured = held.says(*held.call.opening())
    assert isinstance(owed, Owed)
    assert created == SessionCreated(held.call.identifier)
    assert isinstance(configured, SessionConfigured)
    assert configured.output == AudioFormat(24_000)
    assert held.says(owed.message) == ()
    frame = held.dialect.append_audio(bytes(held.dialect.audio.frame_samples(20) * 2))
    held.service.receive.reset_mock()
    held.says(*(held.call.frame(frame) for _ in range(50)))
    heard = [json.loads(call.args[0])["audio"] for call in held.service.receive.call_args_list]
    # A second of audio, whatever its rate, is a second at the service.
    assert len(b"".join(map(base64.b64decode, heard))) == pytest.approx(2 * 24_000, abs=4)


def test_a_response_has_a_last_chunk_and_its_turn_an_end() -> None:
    held = _begun()
    held.serves(CREATED)
    first, second = held.sounds() + held.sounds()
    assert isinstance(first, AudioDelta)
    assert second == first
    done = held.serves(DONE)
    assert done == (ResponseDone(first.response_id, ResponseStatus.COMPLETED),)
    ended = held.serves({"type": "response.done", "response": {"id": "r", "status": "completed"}})
    assert ended == (Notice("TASK_STATE_COMPLETED"),)


def test_an_interrupted_response_is_taken_back_and_has_no_last_chunk() -> None:
    held = _begun()
    assert held.serves(STARTED) == ()
    held.serves(CREATED)
    held.sounds()
    assert held.serves(STARTED) == (PlaybackCleared(),)
    assert held.serves(DONE) == ()
    ended = held.serves({"type": "response.done", "response": {"id": "r", "status": "cancelled"}})
    assert ended == (Notice("TASK_STATE_COMPLETED"),)


def test_what_fails_says_why() -> None:
    held = _begun()
    held.serves(CREATED)
    (done,) = held.serves({"type": "response.done", "response": {"id": "r", "status": "failed"}})
    assert done == ResponseDone("", ResponseStatus.FAILED, "424", "failed")
    error = {"type": "error", "error": {"code": "c", "message": "not so"}}
    assert held.serves(error) == (ProviderError("400", "not so"),)


@pytest.mark.parametrize(
    "message", [b"no json", b"{}", b'{"method":"SendMessage","params":{"message":{}}}']
)
def test_what_is_no_request_of_connects_ends_the_session(message: bytes) -> None:
    held = _begun()
    held.says(message)
    held.link.close.assert_called_once_with(1007, "not a message of this API")
