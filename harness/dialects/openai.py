"""OpenAI Realtime, GA dialect, over WebSocket: what is said to it, and what it acknowledged."""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from harness.dialects import openai_events
from harness.dialects.base import (
    DialectFacts,
    DialectSession,
    MalformedMessage,
    SessionSettings,
)
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.lenient import mapping, number, text
from harness.dialects.openai_asked import asked_session, detection_of, own_session
from harness.dialects.plain import PlainDialect
from harness.dialects.session_comparison import compare, difference_words
from harness.dialects.stateless import StatelessSession
from harness.errors import sanitised
from harness.model import (
    AudioDecoder,
    AudioFormat,
    CancelResponse,
    CommitTurn,
    Event,
    Request,
    RequestResponse,
    SessionConfigured,
    SettingAnswer,
    ToolResult,
    Truncate,
)

# Settings whose difference has words of its own.
_SAID_ABOVE = (
    *("turn_detection", "turn_detection.type", "turn_detection.silence_duration_ms"),
    *("turn_detection.create_response", "output_modalities", "voice", "tools"),
)

# RFC 6750 section 2.1, bounded.
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{8,8192}=*")


class _ClientSecret(msgspec.Struct):
    value: str


class OpenAIRealtime(PlainDialect):
    """The `Dialect` of OpenAI's Realtime API and of servers that follow it.

    Input must be 16-bit PCM at 24 kHz; the service refuses other PCM rates.
    """

    name = "openai-realtime"
    default_model = "gpt-realtime-2.1"
    audio = AudioFormat(rate_hz=24_000)
    facts = DialectFacts(
        hosts=("api.openai.com",),
        key_variables=("HARNESS_API_KEY", "OPENAI_API_KEY"),
        mints_keys=True,
        source="OpenAI, Realtime API reference",
        as_of="2026-11-28",
    )

    def open(self, _identity: str) -> DialectSession:
        """Return a session; every message of this API stands for itself."""
        return StatelessSession(self)

    def path(self, settings: SessionSettings) -> str:
        """Return the GA endpoint; the model is chosen in the query and cannot change later."""
        return f"/v1/realtime?model={quote(settings.model or self.default_model, safe='')}"

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return the bearer header, or nothing for servers that ask for no key."""
        return [] if api_key is None else [("Authorization", f"Bearer {api_key}")]

    def minting(self, model: str) -> bytes:
        """Return the least session a key is made for; its settings follow on the socket."""
        session = {"type": "realtime"} | ({"model": model} if model else {})
        return msgspec.json.encode({"session": session})

    def minted(self, document: bytes) -> str:
        """Return the `value` of a client secret.

        Raises:
            MalformedMessage: There is none that a header can carry.
        """
        try:
            value = msgspec.json.decode(document, type=_ClientSecret).value
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise MalformedMessage("the answer holds no value") from None
        if _BEARER_TOKEN.fullmatch(value) is None:
            raise MalformedMessage("the value of the answer is no bearer token")
        return value

    def asked(self, settings: SessionSettings) -> dict[str, Any]:
        """Return the session: server VAD, automatic responses and PCM16, and the user's own."""
        return asked_session(settings, self.audio)

    def detection(self, settings: SessionSettings) -> Mapping[str, Any] | None:
        """Return the session's turn detection."""
        return detection_of(self.asked(settings))

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return one `session.update`."""
        update = {"type": "session.update", "event_id": openai_events.SETTINGS_EVENT}
        return [msgspec.json.encode({**update, "session": self.written(settings)})]

    def written(self, settings: SessionSettings) -> dict[str, Any]:
        """Return the session that is asked for, in the words of a `session.update`."""
        return self.asked(settings)

    def append_audio(self, frame: bytes) -> bytes:
        """Return one `input_audio_buffer.append`."""
        return b'{"type":"input_audio_buffer.append","audio":"' + base64.b64encode(frame) + b'"}'

    def request(self, request: Request) -> bytes:
        """Return the one event that says it."""
        said: dict[str, Any]
        match request:
            case Truncate():
                said = {"type": "conversation.item.truncate", "item_id": request.item_id}
                said |= {"content_index": 0, "audio_end_ms": request.heard_ms}
            case ToolResult():
                item = {"type": "function_call_output", "call_id": request.call_id}
                item["output"] = request.output
                said = {"type": "conversation.item.create", "item": item}
            case RequestResponse():
                said = {"type": "response.create"}
            case CommitTurn():
                said = {"type": "input_audio_buffer.commit"}
            case CancelResponse():
                said = {"type": "response.cancel"}
        return msgspec.json.encode(said)

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)

    def parse(self, message: bytes) -> Event:
        """Turn one message into an event.

        Raises:
            MalformedMessage: Not a JSON object with a type, or an audio delta without audio.
        """
        return openai_events.parse(message, self.audio)

    def old_name(self, message: bytes) -> str:
        """Return the name of a message that the preview called otherwise, empty for others."""
        return openai_events.old_name(message)

    def answers(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[SettingAnswer, ...]:
        """Return the user's own settings, and what the server acknowledged of them."""
        return compare(_without_formats(own_session(settings)), acknowledged.told)

    def differences(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return in words what the server acknowledged otherwise than it was asked for."""
        session, found = self.asked(settings), list[str]()
        for direction, format_, unknown in (
            ("input", acknowledged.input, acknowledged.input_unknown),
            ("output", acknowledged.output, acknowledged.output_unknown),
        ):
            if unknown:
                found.append(f"{direction} audio is {unknown}, asked for {_words(self.audio)}")
            elif format_ is not None and format_ != self.audio:
                found.append(
                    f"{direction} audio is {_words(format_)}, asked for {_words(self.audio)}"
                )
        found += _of_detection(detection_of(session), acknowledged)
        voice = text(session["audio"]["output"].get("voice"))
        if voice and acknowledged.voice and acknowledged.voice != voice:
            found.append(f"voice is {acknowledged.voice}, asked for {voice}")
        if acknowledged.tools is not None and (asked := _tool_names(session)):
            missing = [name for name in asked if name not in acknowledged.tools]
            if missing:
                found.append(f"tools are missing: {', '.join(sorted(missing))}")
        model = acknowledged.model
        # A server may name the dated version of the model that was asked for.
        if settings.model and model and not model.startswith(settings.model):
            found.append(f"model is {model}, asked for {settings.model}")
        for row in self.answers(settings, acknowledged):
            if row.differs and row.name not in _SAID_ABOVE:
                found.append(difference_words(row))
        return tuple(found)


def _without_formats(own: dict[str, Any]) -> dict[str, Any]:
    """Return the settings without the audio formats, which are ours."""
    audio = mapping(own.get("audio"))
    if not audio:
        return own
    parts = {
        side: {name: value for name, value in mapping(part).items() if name != "format"}
        for side, part in audio.items()
    }
    return {**own, "audio": {side: part for side, part in parts.items() if part}}


def _tool_names(session: Mapping[str, Any]) -> list[str]:
    tools = session.get("tools")
    named = tools if isinstance(tools, list) else []
    return [sanitised(text(mapping(tool).get("name"))) for tool in named]


def _of_detection(asked: Mapping[str, Any] | None, acknowledged: SessionConfigured) -> list[str]:
    """Return what keeps a server from hearing a turn end, or from answering it aloud."""
    found = []
    if asked is None:
        if acknowledged.detects_turns:
            found.append(f"turn detection is {acknowledged.detection or 'on'}, asked for none")
    elif acknowledged.detects_turns is False:
        found.append(
            f"this server does not detect turns (turn_detection is {acknowledged.acknowledged}):"
            " no turn ends and none is answered. Switch its server VAD on"
        )
    elif acknowledged.detection not in ("", kind := text(asked.get("type"))):
        found.append(f"turn detection is {acknowledged.detection}, asked for {kind}")
    else:
        silence_ms, told_ms = number(asked.get("silence_duration_ms")), acknowledged.silence_ms
        if None not in (silence_ms, told_ms) and silence_ms != told_ms:
            found.append(f"silence_ms is {told_ms}, asked for {silence_ms}")
    if asked is not None and acknowledged.answers is False:
        found.append(
            "this server does not answer a turn by itself (create_response is false). Switch"
            " automatic responses on"
        )
    if acknowledged.speaks is False:
        found.append("responses are text without audio, asked for audio")
    return found


def _words(audio: AudioFormat) -> str:
    return f"{audio.encoding} at {audio.rate_hz} Hz"
