"""ElevenLabs Agents: base64 audio in JSON; the server names the formats and asks for pongs.

Nothing says when the agent decided that the caller had finished, nor when a response begins and
ends. An interruption names the last piece of audio that it takes back.

Source: ElevenLabs, Agents WebSocket reference and its SDK 2.78 (A).
"""

import base64

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.lenient import raw_text
from harness.dialects.plain import PlainDialect, PlainSession
from harness.errors import sanitised
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    Encoding,
    Event,
    Notice,
    Owed,
    PlaybackCleared,
    Request,
    SessionConfigured,
    SessionCreated,
    TextDelta,
    ToolCall,
    ToolResult,
)


class _Metadata(msgspec.Struct):
    conversation_id: str = ""
    agent_output_audio_format: str = ""
    user_input_audio_format: str = ""


class _Audio(msgspec.Struct):
    audio_base_64: str
    event_id: int = 0


class _Numbered(msgspec.Struct):
    event_id: int = 0


class _Response(msgspec.Struct):
    agent_response: str = ""


class _Part(msgspec.Struct):
    text: str = ""
    type: str = "delta"


class _Tool(msgspec.Struct):
    tool_name: str
    tool_call_id: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Message(msgspec.Struct):
    type: str
    conversation_initiation_metadata_event: _Metadata | None = None
    audio_event: _Audio | None = None
    interruption_event: _Numbered | None = None
    ping_event: _Numbered | None = None
    agent_response_event: _Response | None = None
    text_response_part: _Part | None = None
    client_tool_call: _Tool | None = None


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class ElevenLabsAgent(PlainDialect):
    """The `Dialect` of ElevenLabs' agents; the address names the agent, or is a signed one."""

    name = "elevenlabs"
    audio = AudioFormat(rate_hz=16_000)
    facts = DialectFacts(
        takes_session=False,
        takes_model=False,
        takes_silence=False,
        reports_endpoint=False,
        announces_responses=False,
        ends_responses=False,
        reports_usage=False,
        sends_key=False,
        hosts=(".elevenlabs.io",),
        source="ElevenLabs, Agents WebSocket",
        as_of="2026-11-28",
    )

    def open(self, _identity: str) -> DialectSession:
        """Return a session, which remembers what was taken back."""
        return _Session()

    def path(self, _settings: SessionSettings) -> str:
        """Return the endpoint; the agent stands in the query of the user's own address."""
        return "/v1/convai/conversation"

    def append_audio(self, frame: bytes) -> bytes:
        """Return one chunk of the user's audio."""
        return b'{"user_audio_chunk":"' + base64.b64encode(frame) + b'"}'

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)

    def differences(
        self, _settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return in words which other audio the agent wants to hear."""
        heard = acknowledged.input_unknown
        if acknowledged.input is not None and acknowledged.input != self.audio:
            heard = f"{acknowledged.input.encoding} at {acknowledged.input.rate_hz} Hz"
        if not heard:
            return ()
        return (
            f"input audio is {heard}, sent as {self.audio.encoding} at {self.audio.rate_hz} Hz",
        )


class _Session(PlainSession):
    """One session: what the agent took back, and whether it writes its words bit by bit."""

    def __init__(self) -> None:
        self._taken_back, self._in_parts = 0, False

    def opening(self) -> list[bytes]:
        """Return what begins a conversation: the client speaks first."""
        return [_encode({"type": "conversation_initiation_client_data"})]

    def request(self, request: Request) -> list[bytes]:
        """Return a tool's result; nothing else can be asked for, or needs to be."""
        if not isinstance(request, ToolResult):
            return []
        said = {"type": "client_tool_result", "tool_call_id": request.call_id}
        return [_encode({**said, "result": request.output, "is_error": False})]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message into events.

        Raises:
            MalformedMessage: It is no message of an agent, or lacks what its kind is about.
        """
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of an agent") from error
        if said.audio_event is not None:
            if said.audio_event.event_id <= self._taken_back:
                return (Notice("audio that was taken back"),)
            return (AudioDelta(said.audio_event.audio_base_64.encode()),)
        match said.type:
            case "conversation_initiation_metadata":
                return self._begin(said.conversation_initiation_metadata_event or _Metadata())
            case "interruption" if said.interruption_event is not None:
                self._taken_back = max(self._taken_back, said.interruption_event.event_id)
                return (PlaybackCleared(),)
            case "ping" if said.ping_event is not None:
                pong = {"type": "pong", "event_id": said.ping_event.event_id}
                return (Owed(_encode(pong)),)
            case "agent_response" | "agent_chat_response_part":
                return (self._words(said),)
            case "client_tool_call" if said.client_tool_call is not None:
                call = said.client_tool_call
                arguments = raw_text(call.parameters)
                return (ToolCall(call.tool_call_id, sanitised(call.tool_name), arguments),)
            case "audio" | "interruption" | "ping" | "client_tool_call":
                raise MalformedMessage(f"a message of the kind {said.type} without its content")
            case other:
                return (Notice(sanitised(other)),)

    def _words(self, said: _Message) -> Event:
        """Return the agent's words; where they came in parts, the whole only repeats them."""
        if said.text_response_part is not None:
            self._in_parts = True
            part = said.text_response_part
            return TextDelta(text=part.text + (" " if part.type == "stop" else ""))
        if said.agent_response_event is None or self._in_parts:
            return Notice(sanitised(said.type))
        # What comes next in the same turn is to be kept apart.
        return TextDelta(text=f"{said.agent_response_event.agent_response} ")

    def _begin(self, told: _Metadata) -> tuple[Event, ...]:
        output = _format(told.agent_output_audio_format)
        heard = _format(told.user_input_audio_format)
        configured = SessionConfigured(
            "server",
            output=output,
            output_unknown="" if output else sanitised(told.agent_output_audio_format),
            input=heard,
            input_unknown="" if heard else sanitised(told.user_input_audio_format),
            detects_turns=True,
        )
        return SessionCreated(sanitised(told.conversation_id)), configured


def _format(name: str) -> AudioFormat | None:
    """Return the format that a name such as `pcm_16000` or `ulaw_8000` stands for."""
    kind, _, rate = name.partition("_")
    encoding = {"pcm": Encoding.PCM16, "ulaw": Encoding.MULAW}.get(kind)
    if encoding is None or not rate.isdecimal():
        return None
    try:
        return AudioFormat(int(rate), encoding)
    except ValueError:
        return None
