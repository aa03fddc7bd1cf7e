"""Amazon Connect with an external agent (A2A over a WebSocket, audio), harness in Connect's place.

Connect's requests are JSON-RPC, each with a number of its own; what the agent says comes as results
that name the call and, of audio, the artifact: one spoken response. Its last chunk ends it. The
agent finds the caller's turns in the audio and takes back its own with an interruption; nothing is
said of turns otherwise, and no playback is acknowledged.

Source: AWS, "A2A protocol contract for external AI agents" with its sample events, and "Configure
voice for collaborating AI agents" (A). C, since it is in no document: the length of frames, which
are "roughly one small PCM slice"; the form of a contact's ARN, as a public agent reads it.
"""

import base64
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, Role
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.carriers.agent_frames import (
    EXTENSION,
    KIND,
    ArtifactUpdate,
    Data,
    Failure,
    Message,
    Number,
    Result,
    StatusUpdate,
    code_of,
    contents,
    decode,
    failure_of,
    finish_of,
    format_of,
    kind_of,
)
from harness.dialects.carriers.fragments import Fragments
from harness.dialects.lenient import as_json, number
from harness.dialects.plain import PlainDialect, PlainSession
from harness.errors import sanitised, server_words
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    CallEnded,
    Event,
    Notice,
    Owed,
    PlaybackCleared,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    TextDelta,
)

RATES_HZ = (16_000, 8_000, 24_000)
"""Sample rates that Connect knows; the first is what a public agent hears by default (C)."""

_INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-4000-8000-000000000000"
_AUDIO, _TEXT = "AUDIO_RESPONSE_CHUNK", "TEXT_RESPONSE_CHUNK"
_COMPLETED = "TASK_STATE_COMPLETED"
# States of a task that Connect takes for the failure of a turn.
_FAILED = ("TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED")
_ACCEPTED = "200"
_MOST_NAME_CHARS = 1_000

_encode = msgspec.json.Encoder().encode


class AmazonConnect(PlainDialect):
    """The `Dialect` of external agents that talk to Connect's callers, in audio.

    Args:
        rate_hz: Sample rate that Connect proposes for both directions, one of `RATES_HZ`.
    """

    name = "amazon-connect"
    facts = DialectFacts(
        role=Role.CARRIER,
        stamps_frames=True,
        takes_session=False,
        takes_model=False,
        takes_silence=False,
        reports_endpoint=False,
        announces_responses=False,
        calls_tools=False,
        reports_usage=False,
        key_variables=("A2A_API_KEY",),
        source="AWS, A2A protocol contract for external AI agents (Amazon Connect)",
        as_of="2026-11-29",
    )

    def __init__(self, rate_hz: int = RATES_HZ[0]) -> None:
        self.audio = AudioFormat(rate_hz=rate_hz)

    def open(self, identity: str) -> DialectSession:
        """Return one call, named by `identity`."""
        return _Call(self.audio, identity)

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return what activates the extension, and the agent's key as a bearer token."""
        shown = [("A2A-Extensions", EXTENSION)]
        return shown if api_key is None else [*shown, ("Authorization", f"Bearer {api_key}")]

    def append_audio(self, frame: bytes) -> bytes:
        """Return the end of an audio message, which is the same in every call."""
        return base64.b64encode(frame) + b'","mediaType":"audio/lpcm"}],"metadata":{}}}}'

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)


class _Call(PlainSession):
    """One call: the numbers of its messages, and which response is being sent."""

    def __init__(self, audio: AudioFormat, identity: str) -> None:
        self.identifier = str(UUID(identity))
        self._contact = f"{_INSTANCE}/contact/{UUID(identity[::-1])}"
        self._audio, self._frames, self._begun = audio, 0, False
        # Task and artifact of the audio that came last, and whether more of it may come.
        self._task = self._artifact = ""
        self._open, self._fragments = False, Fragments()
        self._head = (
            '{"jsonrpc":"2.0","method":"SendMessage","id":"audio-%d","params":{"message":'
            f'{{"messageId":"audio-%d","contextId":"{self.identifier}","role":"ROLE_USER",'
            '"parts":[{"raw":"'
        ).encode()

    def opening(self) -> list[bytes]:
        """Return the proposal of a session; no prior conversation, no trace spans are asked for."""
        proposed = {
            "encoding": "LINEAR_PCM",
            "sampleRateHertz": self._audio.rate_hz,
            "sampleSizeBits": 16,
            "channelCount": 1,
        }
        session = {
            "instanceArn": _INSTANCE,
            "contactArn": self._contact,
            "supportedFinishTypes": ["COMPLETE", "COMPLETE_WITH_ERROR", "ESCALATE"],
            "subscribeToTracingEvents": False,
            "audioInputConfiguration": proposed,
            "audioOutputConfiguration": proposed,
            "history": [],
        }
        return [self._told("INIT_SESSION", {"initSession": session})]

    def frame(self, encoded: bytes) -> bytes:
        """Return the next audio message, a request of its own."""
        self._frames += 1
        return self._head % (self._frames, self._frames) + encoded

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one frame of the agent into events.

        Raises:
            MalformedMessage: It is no JSON-RPC response, names another call, or has audio that is
                not tagged as such; Connect identifies events by their tags.
        """
        try:
            frame = decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a frame of an agent") from error
        if frame.error is not None:
            told = _error(frame.error.code, frame.error.message)
            return (told,) if self._begun else _refused(told.code, told.detail)
        if frame.result is UNSET:
            raise MalformedMessage("neither a result nor an error")
        found = frame.result or Result()
        said = found.message or found.statusUpdate or found.artifactUpdate
        if said is None:
            return (Notice("result"),)
        if said.contextId and said.contextId != self.identifier:
            raise MalformedMessage("the frame names another call")
        if isinstance(said, ArtifactUpdate):
            return self._artifact_came(said)
        if isinstance(said, StatusUpdate):
            return self._task_changed(said)
        return self._message_came(said)

    def _message_came(self, said: Message) -> tuple[Event, ...]:
        kind = kind_of(said.metadata)
        data = contents(said)
        match kind:
            case "INIT_SESSION_RESPONSE" if not self._begun:
                return self._begin(data)
            case "INTERRUPTION":
                # No last chunk follows of what it takes back.
                self._open = False
                return (PlaybackCleared(),)
            case "FINISH":
                return *self._completed(), *_finish(said)
            case "ERROR":
                failure = failure_of(said)
                return (_error(failure.errorCode, failure.errorReason),)
            case "FRAGMENT":
                return self._part_came(data)
        return (Notice(sanitised(kind)),)

    def _part_came(self, data: list[Data]) -> tuple[Event, ...]:
        """Take a part of a frame; the last one that was missing stands for the whole."""
        told = next((one.fragment for one in data if one.fragment is not None), None)
        if told is None:
            raise MalformedMessage("a fragment without its content")
        name = told.fragmentId[:_MOST_NAME_CHARS]
        part, parts = number(told.partNumber), number(told.totalParts)
        if part is None or parts is None:
            raise MalformedMessage("a fragment without its place")
        whole = self._fragments.take(name, part, parts, told.payload)
        return (Notice("FRAGMENT"),) if whole is None else self.parse(whole)

    def _begin(self, data: list[Data]) -> tuple[Event, ...]:
        """Take the agent's answer to the proposal; a format that it does not name is as proposed.

        What it wants to hear is refused unless it is what was proposed: the callers' speech is
        encoded once, before the load, and played at another rate it would not be speech.
        """
        told = next((one.initSessionResponse for one in data if one.initSessionResponse), None)
        if told is None:
            raise MalformedMessage("a response to INIT_SESSION without its content")
        code = code_of(told.statusCode) or _ACCEPTED
        if code != _ACCEPTED:
            return _refused(code, "the agent refused the session")
        heard = format_of(told.audioInputConfiguration, self._audio)
        if heard != self._audio:
            return _refused("audioInputConfiguration", _other_input(heard))
        output = format_of(told.audioOutputConfiguration, self._audio)
        self._begun = True
        unknown = "" if output else as_json(told.audioOutputConfiguration)
        configured = SessionConfigured(
            "server",
            output=output,
            output_unknown=unknown,
            input=heard,
            detects_turns=True,
        )
        ready = self._told("CHANNEL_STATE", {"channelState": {"state": "READY"}})
        return Owed(ready), SessionCreated(self.identifier), configured

    def _artifact_came(self, said: ArtifactUpdate) -> tuple[Event, ...]:
        kind, artifact = kind_of(said.artifact.metadata), said.artifact
        if kind == _TEXT:
            words = "".join(part.text or "" for part in artifact.parts)
            return (TextDelta(text=words),)
        pieces = [part.raw for part in artifact.parts if part.raw]
        if kind != _AUDIO:
            if pieces:
                raise MalformedMessage(f"audio that is not tagged {_AUDIO}")
            return (Notice(sanitised(kind)),)
        self._task = (said.taskId or "")[:_MOST_NAME_CHARS]
        self._artifact = artifact.artifactId[:_MOST_NAME_CHARS]
        self._open = True
        events: tuple[Event, ...] = tuple(
            AudioDelta(piece.encode(), self._artifact) for piece in pieces
        )
        if said.lastChunk:
            events += self._completed()
        return events or (Notice(kind),)

    def _task_changed(self, said: StatusUpdate) -> tuple[Event, ...]:
        """Take a turn's end in the agent's words: it also ends what had no last chunk."""
        state, message = said.status.state, said.status.message
        task = (said.taskId or "")[:_MOST_NAME_CHARS]
        sounded = task == self._task if task else self._open
        events: tuple[Event, ...] = ()
        if state in _FAILED:
            events = (self._failed(failure_of(message), sounded=sounded),)
        elif state == _COMPLETED and sounded:
            events = self._completed()
        if message is not None and kind_of(message.metadata) == "FINISH":
            events += (*self._completed(), *_finish(message))
        return events or (Notice(sanitised(state)),)

    def _completed(self) -> tuple[Event, ...]:
        """Return the end of the response that is being sent, if any."""
        if not self._open:
            return ()
        self._open = False
        return (ResponseDone(self._artifact, ResponseStatus.COMPLETED),)

    def _failed(self, failure: Failure, *, sounded: bool) -> Event:
        """Return the failure of a turn; of one that is not the one being sent it is an error."""
        told = _error(failure.errorCode, failure.errorReason)
        if self._open and not sounded:
            return told
        self._open = False
        name = self._artifact if sounded else ""
        return ResponseDone(name, ResponseStatus.FAILED, told.code, told.detail)

    def _told(self, kind: str, data: dict[str, Any]) -> bytes:
        """Return an event of Connect's."""
        message = {
            "messageId": kind,
            "contextId": self.identifier,
            "role": "ROLE_USER",
            "parts": [{"data": data, "mediaType": "application/json"}],
            "metadata": {KIND: kind},
        }
        request = {"jsonrpc": "2.0", "method": "SendMessage", "id": kind}
        return _encode({**request, "params": {"message": message}})


def _error(code: Number, words: str | None) -> ProviderError:
    return ProviderError(code_of(code), server_words(words or ""))


def _refused(code: str, words: str) -> tuple[Event, ...]:
    """Return what becomes of a session that there will never be."""
    error = ProviderError(code, words, of_settings=False)
    return error, CallEnded(f"{code}: {words}".removeprefix(": "))


def _finish(said: Message) -> tuple[Event, ...]:
    """Return the end of the call, with its outcome and why."""
    found = finish_of(said)
    words = ", ".join(word for word in (found.type, found.reason) if word)
    return (CallEnded(server_words(words)),)


def _other_input(heard: AudioFormat | None) -> str:
    """Say what the agent wants to hear in place of what was proposed, and how it can have it."""
    if heard is None or heard.rate_hz not in RATES_HZ:
        return "the agent wants to hear another format than linear PCM at 8, 16 or 24 kHz"
    return f"the agent wants to hear {heard.rate_hz} Hz: choose {dialect_name(heard.rate_hz)}"


def dialect_name(rate_hz: int) -> str:
    """Return the name under which a rate is asked for."""
    usual = rate_hz == RATES_HZ[0]
    return AmazonConnect.name if usual else f"{AmazonConnect.name}-{rate_hz // 1_000}k"
