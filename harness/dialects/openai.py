"""OpenAI Realtime, GA dialect, over WebSocket: what is said to it, and what it acknowledged."""

import base64
from typing import Any
from urllib.parse import quote

import msgspec

from harness.dialects import openai_events
from harness.dialects.base import DialectFacts, DialectSession, SessionSettings
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.stateless import StatelessSession
from harness.model import (
    AudioDecoder,
    AudioFormat,
    Event,
    Request,
    RequestResponse,
    SessionConfigured,
    ToolResult,
    Truncate,
)

_DETECTION = "server_vad"


def _tool(name: str) -> dict[str, Any]:
    """Return the definition of a function of one argument; what it does is the script's affair."""
    details = {"type": "string", "description": "What the caller asked for, in a few words."}
    return {
        "type": "function",
        "name": name,
        "description": f"{name.replace('_', ' ').capitalize()}, as the caller asks.",
        "parameters": {
            "type": "object",
            "properties": {"details": details},
            "required": ["details"],
        },
    }


class OpenAIRealtime:
    """The `Dialect` of OpenAI's Realtime API and of servers that follow it.

    Input must be 16-bit PCM at 24 kHz; the service refuses other PCM rates.
    """

    name = "openai-realtime"
    default_model = "gpt-realtime-2.1"
    audio = AudioFormat(rate_hz=24_000)
    facts = DialectFacts(
        key_variables=("HARNESS_API_KEY", "OPENAI_API_KEY"),
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

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return one `session.update`: server VAD, automatic responses, PCM16 both ways."""
        pcm = {"type": "audio/pcm", "rate": self.audio.rate_hz}
        detection: dict[str, Any] = {"type": _DETECTION}
        if settings.silence_ms is not None:
            detection["silence_duration_ms"] = settings.silence_ms
        output: dict[str, Any] = {"format": pcm}
        if settings.voice:
            output["voice"] = settings.voice
        session: dict[str, Any] = {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {"input": {"format": pcm, "turn_detection": detection}, "output": output},
        }
        if settings.instructions:
            session["instructions"] = settings.instructions
        if settings.tools:
            session["tools"] = [_tool(name) for name in settings.tools]
            session["tool_choice"] = "auto"
        update = {"type": "session.update", "event_id": openai_events.SETTINGS_EVENT}
        return [msgspec.json.encode({**update, "session": session})]

    def append_audio(self, frame: bytes) -> bytes:
        """Return one `input_audio_buffer.append`."""
        return b'{"type":"input_audio_buffer.append","audio":"' + base64.b64encode(frame) + b'"}'

    def request(self, request: Request) -> bytes:
        """Return a truncation, a function's output or a `response.create`."""
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

    def differences(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return in words what the server acknowledged otherwise than it was asked for."""
        found = []
        for way, format_, unknown in (
            ("input", acknowledged.input, acknowledged.input_unknown),
            ("output", acknowledged.output, acknowledged.output_unknown),
        ):
            if unknown:
                found.append(f"{way} audio is {unknown}, asked for {_words(self.audio)}")
            elif format_ is not None and format_ != self.audio:
                found.append(f"{way} audio is {_words(format_)}, asked for {_words(self.audio)}")
        found += _of_detection(acknowledged)
        silence_ms = acknowledged.silence_ms
        if None not in (settings.silence_ms, silence_ms) and silence_ms != settings.silence_ms:
            found.append(f"silence_ms is {silence_ms}, asked for {settings.silence_ms}")
        if settings.voice and acknowledged.voice and acknowledged.voice != settings.voice:
            found.append(f"voice is {acknowledged.voice}, asked for {settings.voice}")
        if acknowledged.tools is not None and set(settings.tools) - set(acknowledged.tools):
            missing = ", ".join(sorted(set(settings.tools) - set(acknowledged.tools)))
            found.append(f"tools are missing: {missing}")
        model = acknowledged.model
        # A server may name the dated version of the model that was asked for.
        if settings.model and model and not model.startswith(settings.model):
            found.append(f"model is {model}, asked for {settings.model}")
        return tuple(found)


def _of_detection(acknowledged: SessionConfigured) -> list[str]:
    """Return what keeps a server from hearing a turn end, or from answering it aloud."""
    found = []
    if acknowledged.detects_turns is False:
        found.append(
            f"this server does not detect turns (turn_detection is {acknowledged.acknowledged}):"
            " no turn ends and none is answered. Switch its server VAD on"
        )
    elif acknowledged.detection not in ("", _DETECTION):
        found.append(f"turn detection is {acknowledged.detection}, asked for {_DETECTION}")
    if acknowledged.answers is False:
        found.append(
            "this server does not answer a turn by itself (create_response is false). Switch"
            " automatic responses on"
        )
    if acknowledged.speaks is False:
        found.append("responses are text without audio, asked for audio")
    return found


def _words(audio: AudioFormat) -> str:
    return f"{audio.encoding} at {audio.rate_hz} Hz"
