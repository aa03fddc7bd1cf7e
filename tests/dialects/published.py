"""Complete messages as the vendors document them: their keys and kinds, with values of our own.

`<stream>` stands for the name of the session's stream, `<n>` for a number that is new every time.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
AUDIO = "AAAAAAAA"


@dataclass(frozen=True)
class Published:
    """What a vendor documents.

    Attributes:
        source: Where.
        heard: Messages of the other side, and the names of the events that they are for us.
        sent: Messages of our side, by the keys of what they are, such as `start`.
    """

    source: str
    heard: tuple[tuple[Json, tuple[str, ...]], ...]
    sent: dict[str, Json] = field(default_factory=dict)

    def texts(self, stream: str, number: int = 0) -> list[bytes]:
        """Return the messages of the other side as they come in the stream of this name."""
        return [filled(message, stream, number) for message, _ in self.heard]


def filled(message: Json, stream: str, number: int = 0) -> bytes:
    """Return a message with what stands for others filled in."""
    text = json.dumps(message).replace("<stream>", stream)
    return text.replace('"<n>"', str(number)).replace("<n>", str(number)).encode()


_PLACE = {"response_id": "resp_<n>", "item_id": "item_<n>", "output_index": 0, "content_index": 0}
_OUTPUT = {"type": "audio/pcm", "rate": 24000}
_SESSION: Json = {
    "type": "realtime",
    "object": "realtime.session",
    "id": "sess_1",
    "model": "gpt-realtime-2.1",
    "output_modalities": ["audio"],
    "instructions": "Be brief.",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "tracing": None,
    "prompt": None,
    "expires_at": 1790000000,
    "audio": {
        "input": {
            "format": _OUTPUT,
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
                "idle_timeout_ms": None,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": _OUTPUT, "voice": "marin", "speed": 1.0},
    },
    "include": None,
}
_RESPONSE: Json = {
    "object": "realtime.response",
    "id": "resp_<n>",
    "status": "in_progress",
    "status_details": None,
    "output": [],
    "conversation_id": "conv_1",
    "output_modalities": ["audio"],
    "max_output_tokens": "inf",
    "audio": {"output": {"format": _OUTPUT, "voice": "marin"}},
    "usage": None,
    "metadata": None,
}
_SAID: Json = {
    "id": "item_<n>",
    "object": "realtime.item",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_audio", "transcript": "Good day."}],
}
_CALLED: Json = {
    "id": "item_<n>",
    "object": "realtime.item",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_<n>",
    "name": "look_up",
    "arguments": '{"day":1}',
}
_USAGE: Json = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119,
        "audio_tokens": 13,
        "image_tokens": 0,
        "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}


def _openai(kind: str, **fields: Any) -> Json:
    return {"type": kind, "event_id": "event_<n>", **fields}


_OPENAI = Published(
    source="OpenAI, Realtime API reference, server events",
    heard=(
        (_openai("session.created", session=_SESSION), ("SessionCreated",)),
        (_openai("session.updated", session=_SESSION), ("SessionConfigured",)),
        (
            _openai("input_audio_buffer.speech_started", audio_start_ms=1000, item_id="item_<n>"),
            ("SpeechStarted",),
        ),
        (
            _openai("input_audio_buffer.speech_stopped", audio_end_ms=2000, item_id="item_<n>"),
            ("SpeechStopped",),
        ),
        (
            _openai("input_audio_buffer.committed", previous_item_id=None, item_id="item_<n>"),
            ("InputCommitted",),
        ),
        (_openai("input_audio_buffer.cleared"), ("Notice",)),
        (
            _openai(
                "input_audio_buffer.timeout_triggered",
                audio_start_ms=13216,
                audio_end_ms=19232,
                item_id="item_<n>",
            ),
            ("Notice",),
        ),
        (_openai("conversation.item.added", previous_item_id=None, item=_SAID), ("Notice",)),
        (_openai("conversation.item.done", previous_item_id=None, item=_SAID), ("Notice",)),
        (
            _openai(
                "conversation.item.input_audio_transcription.completed",
                item_id="item_<n>",
                content_index=0,
                transcript="Good day.",
                usage={"type": "duration", "seconds": 1},
            ),
            ("CallerTranscript",),
        ),
        (
            _openai(
                "conversation.item.truncated", item_id="item_<n>", content_index=0, audio_end_ms=15
            ),
            ("Notice",),
        ),
        (_openai("response.created", response=_RESPONSE), ("ResponseCreated",)),
        (
            _openai(
                "response.output_item.added", response_id="resp_<n>", output_index=0, item=_SAID
            ),
            ("Notice",),
        ),
        (
            _openai(
                "response.content_part.added", **_PLACE, part={"type": "audio", "transcript": ""}
            ),
            ("Notice",),
        ),
        (
            _openai(
                "response.output_audio_transcript.delta", **_PLACE, delta="Good", obfuscation="a"
            ),
            ("TextDelta",),
        ),
        (_openai("response.output_audio.delta", **_PLACE, delta=AUDIO), ("AudioDelta",)),
        (_openai("response.output_audio.done", **_PLACE), ("Notice",)),
        (
            _openai("response.output_audio_transcript.done", **_PLACE, transcript="Good day."),
            ("Notice",),
        ),
        (_openai("response.output_text.delta", **_PLACE, delta="Good"), ("TextDelta",)),
        (
            _openai(
                "response.function_call_arguments.done",
                response_id="resp_<n>",
                item_id="item_<n>",
                output_index=0,
                call_id="call_<n>",
                name="look_up",
                arguments='{"day":1}',
            ),
            ("ToolCall",),
        ),
        (
            _openai(
                "response.done",
                response=_RESPONSE
                | {"status": "completed", "output": [_SAID, _CALLED], "usage": _USAGE},
            ),
            ("ResponseDone",),
        ),
        (
            _openai(
                "response.done",
                response=_RESPONSE
                | {
                    "status": "cancelled",
                    "status_details": {"type": "cancelled", "reason": "turn_detected"},
                },
            ),
            ("ResponseDone",),
        ),
        (
            _openai(
                "rate_limits.updated",
                rate_limits=[
                    {"name": "tokens", "limit": 50000, "remaining": 49950, "reset_seconds": 60}
                ],
            ),
            ("Notice",),
        ),
        (
            _openai(
                "error",
                error={
                    "type": "invalid_request_error",
                    "code": "invalid_event",
                    "message": "The 'type' field is missing.",
                    "param": None,
                    "event_id": "event_567",
                },
            ),
            ("ProviderError",),
        ),
    ),
)

_PREVIEW_NAMES = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_text.delta": "response.text.delta",
}
_FLAT_SESSION: Json = {
    "id": "sess_1",
    "object": "realtime.session",
    "model": "gpt-realtime",
    "modalities": ["text", "audio"],
    "instructions": "Be brief.",
    "voice": {"name": "en-US-Ava:DragonHDLatestNeural", "type": "azure-standard"},
    "input_audio_format": "pcm16",
    "input_audio_sampling_rate": 24000,
    "output_audio_format": "pcm16",
    "turn_detection": {
        "type": "azure_semantic_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "remove_filler_words": False,
    },
    "input_audio_noise_reduction": {"type": "azure_deep_noise_suppression"},
    "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
    "tools": [],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
}
_VOICE_LIVE = Published(
    source="Microsoft, Voice Live API reference, server events",
    heard=(
        *(
            (
                message
                | {"type": _PREVIEW_NAMES.get(message["type"], message["type"])}
                | ({"session": _FLAT_SESSION} if "session" in message else {}),
                events,
            )
            for message, events in _OPENAI.heard
        ),
        (
            _openai(
                "response.audio_timestamp.delta",
                **_PLACE,
                audio_offset_ms=0,
                audio_duration_ms=150,
                text="Good",
                timestamp_type="word",
            ),
            ("Notice",),
        ),
        (
            _openai("warning", warning={"message": "not so", "code": "c", "param": "p"}),
            ("Notice",),
        ),
    ),
)
_XAI = Published(
    source="xAI, Voice Agent API, server events",
    heard=(
        (
            _openai(
                "conversation.created",
                conversation={"id": "conv_1", "object": "realtime.conversation"},
            ),
            ("Notice",),
        ),
        (_openai("ping", timestamp=1790000000), ("Notice",)),
        *_OPENAI.heard,
    ),
)

_GEMINI = Published(
    source="Google, Gemini Live API, server messages (types of google-genai 3.3)",
    heard=(
        ({"setupComplete": {"sessionId": "s1"}}, ("SessionConfigured", "SessionCreated")),
        (
            {"voiceActivity": {"voiceActivityType": "ACTIVITY_START", "audioOffset": "1.200s"}},
            ("SpeechStarted",),
        ),
        (
            {"voiceActivity": {"voiceActivityType": "ACTIVITY_END", "audioOffset": "2.400s"}},
            ("SpeechStopped",),
        ),
        ({"serverContent": {"inputTranscription": {"text": "Good day"}}}, ("Notice",)),
        (
            {
                "serverContent": {
                    "modelTurn": {
                        "role": "model",
                        "parts": [
                            {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": AUDIO}}
                        ],
                    }
                }
            },
            ("AudioDelta",),
        ),
        (
            {
                "serverContent": {
                    "modelTurn": {"parts": [{"text": "They greet me.", "thought": True}]},
                    "outputTranscription": {"text": "Good day.", "languageCode": "en-US"},
                }
            },
            ("TextDelta",),
        ),
        (
            {
                "toolCall": {
                    "functionCalls": [{"id": "call_<n>", "name": "look_up", "args": {"day": 1}}]
                },
                "usageMetadata": {"promptTokenCount": 20, "totalTokenCount": 20},
            },
            ("TokensReported", "ToolCall"),
        ),
        ({"toolCallCancellation": {"ids": ["call_<n>"]}}, ("Notice",)),
        ({"serverContent": {"interrupted": True}}, ("ResponseDone",)),
        ({"serverContent": {"turnComplete": True}}, ()),
        ({"serverContent": {"generationComplete": True}}, ("Notice",)),
        (
            {
                "serverContent": {
                    "turnComplete": True,
                    "turnCompleteReason": "NEED_MORE_INPUT",
                    "waitingForInput": True,
                },
                "usageMetadata": {
                    "promptTokenCount": 412,
                    "responseTokenCount": 61,
                    "thoughtsTokenCount": 12,
                    "totalTokenCount": 485,
                    "promptTokensDetails": [
                        {"modality": "TEXT", "tokenCount": 31},
                        {"modality": "AUDIO", "tokenCount": 381},
                    ],
                    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 61}],
                    "serviceTier": "STANDARD",
                },
            },
            ("TokensReported", "ResponseDone"),
        ),
        ({"sessionResumptionUpdate": {"newHandle": "h<n>", "resumable": True}}, ("Notice",)),
        ({"goAway": {"timeLeft": "50s"}}, ("Notice",)),
    ),
)

_DEEPGRAM = Published(
    source="Deepgram, Voice Agent API, server events (types of its SDK 7.16)",
    heard=(
        ({"type": "Welcome", "request_id": "fc553ec9"}, ("SessionCreated",)),
        ({"type": "SettingsApplied"}, ("SessionConfigured",)),
        ({"type": "UserStartedSpeaking"}, ("SpeechStarted",)),
        (
            {
                "type": "ConversationText",
                "role": "user",
                "content": "Good day.",
                "conversational_behavior": "default",
            },
            ("Notice",),
        ),
        ({"type": "AgentThinking", "content": "A greeting."}, ("Notice",)),
        (
            {"type": "ConversationText", "role": "assistant", "content": "Good day to you."},
            ("TextDelta",),
        ),
        (
            {
                "type": "AgentStartedSpeaking",
                "total_latency": 1.5,
                "tts_latency": 0.5,
                "ttt_latency": 0.75,
            },
            ("Notice",),
        ),
        (
            {"type": "LatencyReport", "stt_latency": 0.25, "total_latency": 1.25},
            ("Notice",),
        ),
        (
            {
                "type": "FunctionCallRequest",
                "functions": [
                    {
                        "id": "call_<n>",
                        "name": "look_up",
                        "arguments": '{"day":1}',
                        "client_side": True,
                        "thought_signature": "s",
                    }
                ],
            },
            ("ToolCall",),
        ),
        (
            {
                "type": "FunctionCallCancelled",
                "functions": [{"id": "call_<n>", "name": "look_up"}],
            },
            ("Notice",),
        ),
        ({"type": "AgentAudioDone"}, ("ResponseDone",)),
        (
            {"type": "Warning", "code": "FORCE_END_TURN_UNSUPPORTED", "description": "no Flux"},
            ("Notice",),
        ),
        (
            {"type": "Error", "code": "CLIENT_MESSAGE_TIMEOUT", "description": "nothing came"},
            ("ProviderError",),
        ),
    ),
)

_ELEVENLABS = Published(
    source="ElevenLabs, Agents WebSocket reference and client events",
    heard=(
        (
            {
                "type": "conversation_initiation_metadata",
                "conversation_initiation_metadata_event": {
                    "conversation_id": "conv_1",
                    "agent_output_audio_format": "pcm_16000",
                    "user_input_audio_format": "pcm_16000",
                },
            },
            ("SessionCreated", "SessionConfigured"),
        ),
        ({"type": "ping", "ping_event": {"event_id": "<n>", "ping_ms": 50}}, ("Owed",)),
        ({"type": "vad_score", "vad_score_event": {"vad_score": 0.95}}, ("Notice",)),
        (
            {
                "type": "user_transcript",
                "user_transcription_event": {"user_transcript": "Good day."},
            },
            ("Notice",),
        ),
        (
            {
                "type": "audio",
                "audio_event": {
                    "audio_base_64": AUDIO,
                    "event_id": "<n>",
                    "alignment": {
                        "chars": ["G"],
                        "char_start_times_ms": [0],
                        "char_durations_ms": [80],
                    },
                },
            },
            ("AudioDelta",),
        ),
        (
            {"type": "agent_response", "agent_response_event": {"agent_response": "Good day."}},
            ("TextDelta",),
        ),
        (
            {
                "type": "agent_response_correction",
                "agent_response_correction_event": {
                    "original_agent_response": "Good day to you.",
                    "corrected_agent_response": "Good day",
                },
            },
            ("Notice",),
        ),
        (
            {
                "type": "agent_chat_response_part",
                "text_response_part": {"text": "Good", "type": "delta"},
            },
            ("TextDelta",),
        ),
        (
            {
                "type": "client_tool_call",
                "client_tool_call": {
                    "tool_name": "look_up",
                    "tool_call_id": "call_<n>",
                    "parameters": {"day": 1},
                },
            },
            ("ToolCall",),
        ),
        (
            {
                "type": "agent_tool_response",
                "agent_tool_response": {
                    "tool_name": "end_call",
                    "tool_call_id": "call_<n>",
                    "tool_type": "system",
                    "is_error": False,
                },
            },
            ("Notice",),
        ),
        (
            {"type": "interruption", "interruption_event": {"event_id": "<n>"}},
            ("PlaybackCleared",),
        ),
    ),
)


def _twilio_like(source: str, stream: str = "streamSid") -> Published:
    named = {stream: "<stream>"}
    return Published(
        source=source,
        heard=(
            ({"event": "media", **named, "media": {"payload": AUDIO}}, ("AudioDelta",)),
            ({"event": "mark", **named, "mark": {"name": "mark <n>"}}, ("PlaybackMark",)),
            ({"event": "clear", **named}, ("PlaybackCleared",)),
        ),
        sent={
            "connected": {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            "start": {
                "event": "start",
                "sequenceNumber": "1",
                "start": {
                    "accountSid": "AC0",
                    "streamSid": "MZ0",
                    "callSid": "CA0",
                    "tracks": ["inbound"],
                    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                    "customParameters": {},
                },
                "streamSid": "MZ0",
            },
            "media": {
                "event": "media",
                "sequenceNumber": "2",
                "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": AUDIO},
                "streamSid": "MZ0",
            },
            "mark": {
                "event": "mark",
                "sequenceNumber": "3",
                "streamSid": "MZ0",
                "mark": {"name": "greeting"},
            },
            "stop": {
                "event": "stop",
                "sequenceNumber": "4",
                "stop": {"accountSid": "AC0", "callSid": "CA0"},
                "streamSid": "MZ0",
            },
        },
    )


_TELNYX = Published(
    source="Telnyx, Stream call media over WebSocket (AsyncAPI)",
    heard=(
        ({"event": "media", "media": {"payload": AUDIO}}, ("AudioDelta",)),
        ({"event": "mark", "mark": {"name": "mark <n>"}}, ("PlaybackMark",)),
        ({"event": "clear"}, ("PlaybackCleared",)),
    ),
    sent={
        "connected": {"event": "connected", "version": "1.0.0"},
        "start": {
            "event": "start",
            "sequence_number": "1",
            "stream_id": "s",
            "start": {
                "user_id": "u",
                "call_control_id": "v3:c",
                "call_session_id": "c",
                "from": "+15550100001",
                "to": "+15550100002",
                "custom_parameters": {},
                "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
            },
        },
        "media": {
            "event": "media",
            "sequence_number": "2",
            "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": AUDIO},
            "stream_id": "s",
        },
        "stop": {
            "event": "stop",
            "sequence_number": "4",
            "stop": {"user_id": "u", "call_control_id": "v3:c"},
            "stream_id": "s",
        },
    },
)


def _plivo_like(source: str, first_number: int, played: Json, *, names_stream: bool) -> Published:
    named = {"streamId": "<stream>"}
    audio = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": AUDIO}
    linear = {"contentType": "audio/x-l16", "sampleRate": 16000, "payload": AUDIO}
    in_play = named if names_stream else {}
    return Published(
        source=source,
        heard=(
            ({"event": "playAudio", **in_play, "media": audio}, ("AudioDelta",)),
            ({"event": "playAudio", **named, "media": linear}, ("SessionConfigured", "AudioDelta")),
            ({"event": "checkpoint", **named, "name": "mark <n>"}, ("PlaybackMark",)),
            ({"event": "clearAudio", **named}, ("PlaybackCleared",)),
        ),
        sent={
            "start": {
                "event": "start",
                "sequenceNumber": first_number,
                "start": {
                    "callId": "c",
                    "streamId": "s",
                    "accountId": "MA0",
                    "tracks": ["inbound"],
                    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
                },
                "extra_headers": "{}",
            },
            "media": {
                "event": "media",
                "sequenceNumber": first_number + 1,
                "streamId": "s",
                "media": {"track": "inbound", "timestamp": "0", "chunk": 1, "payload": AUDIO},
                "extra_headers": "{}",
            },
            "mark": played,
        },
    )


_EXOTEL = Published(
    source="Exotel, AgentStream, WebSocket protocol",
    heard=_twilio_like("", "stream_sid").heard,
    sent={
        "connected": {"event": "connected"},
        "start": {
            "event": "start",
            "sequence_number": "1",
            "stream_sid": "MZ0",
            "start": {
                "stream_sid": "MZ0",
                "call_sid": "CA0",
                "account_sid": "AC0",
                "from": "+15550100001",
                "to": "+15550100002",
                "custom_parameters": {},
                "media_format": {
                    "encoding": "audio/x-raw",
                    "sample_rate": "8000",
                    "bit_rate": "16",
                },
            },
        },
        "media": {
            "event": "media",
            "sequence_number": "2",
            "stream_sid": "MZ0",
            "media": {"chunk": "1", "timestamp": "0", "payload": AUDIO},
        },
        "mark": {
            "event": "mark",
            "sequence_number": "3",
            "stream_sid": "MZ0",
            "mark": {"name": "greeting"},
        },
    },
)

_VONAGE = Published(
    source="Vonage, WebSockets in the Vonage Voice API",
    heard=(
        ({"action": "clear"}, ("PlaybackCleared",)),
        ({"action": "notify", "payload": {"reply": "mark <n>"}}, ("PlaybackMark",)),
    ),
    sent={
        "start": {
            "event": "websocket:connected",
            "content-type": "audio/l16;rate=16000",
            "call": "a header of the application's own",
        },
        "mark": {"event": "websocket:notify", "payload": {"reply": "mark 0"}},
    },
)

_TWILIO = _twilio_like("Twilio, Media Streams, WebSocket messages")
_CALL: Json = {
    "id": "call-<n>",
    "orgId": "o",
    "type": "vapi.websocketCall",
    "status": "in-progress",
    "transport": {"provider": "vapi.websocket", "websocketCallUrl": "wss://x/secret/transport"},
}
_VAPI = Published(
    source="Vapi, client messages (types of its SDK 3.0)",
    heard=(
        ({"type": "assistant.started", "call": _CALL, "newAssistant": {}}, ("Notice",)),
        ({"type": "status-update", "status": "in-progress"}, ("Notice",)),
        (
            {"type": "status-update", "status": "ended", "endedReason": "customer-ended-call"},
            ("Notice",),
        ),
        (
            {
                "type": "status-update",
                "status": "ended",
                "endedReason": "call.in-progress.error-assistant-did-not-receive-customer-audio",
            },
            ("ProviderError",),
        ),
        *(
            (
                {
                    "type": "speech-update",
                    "status": status,
                    "role": role,
                    "turn": 1,
                    "timestamp": 1790000000000,
                    "call": _CALL,
                    "assistantVersion": None,
                },
                expected,
            )
            for status, role, expected in (
                ("started", "user", ("SpeechStarted",)),
                ("stopped", "user", ()),
                ("started", "assistant", ()),
                ("stopped", "assistant", ()),
            )
        ),
        *(
            (
                {
                    "type": "transcript",
                    "role": role,
                    "transcriptType": kind,
                    "transcript": "Good day.",
                    "isFiltered": False,
                    "confidence": 0.5,
                    "call": _CALL,
                },
                expected,
            )
            for role, kind, expected in (
                ("user", "partial", ()),
                ("user", "final", ()),
                ("assistant", "partial", ()),
                ("assistant", "final", ("TextDelta",)),
            )
        ),
        ({"type": "user-interrupted", "turnId": "t<n>", "call": _CALL}, ("SpeechStarted",)),
        ({"type": "model-output", "output": "Good", "turnId": "t<n>"}, ("Notice",)),
        ({"type": "hang", "call": _CALL}, ("Notice",)),
    ),
)

_EXT = "https://docs.aws.amazon.com/connect/a2a/ext/v1"


def _result(**event: Json) -> Json:
    return {"jsonrpc": "2.0", "id": "e<n>", "result": event}


def _agent_message(kind: str, data: Json, **fields: Any) -> Json:
    message = {
        "messageId": "m-<n>",
        "role": "ROLE_AGENT",
        "parts": [{"data": data, "mediaType": "application/json"}],
        "metadata": {f"{_EXT}/eventType": kind},
        **fields,
    }
    return {key: value for key, value in message.items() if value is not None}


def _said(kind: str, data: Json) -> Json:
    named = {"contextId": "<stream>", "extensions": [_EXT]}
    return _result(message=_agent_message(kind, data, **named))


def _artifact(kind: str, part: Json, *, append: bool, last: bool, name: str = "resp-<n>") -> Json:
    artifact = {
        "artifactId": name,
        "parts": [part],
        "metadata": {f"{_EXT}/eventType": kind},
    }
    task = {"taskId": "task-<n>", "contextId": "<stream>", "artifact": artifact}
    return _result(artifactUpdate={**task, "append": append, "lastChunk": last})


def _task(state: str, message: Json | None = None) -> Json:
    status: Json = {"state": f"TASK_STATE_{state}", "timestamp": "2026-08-08T16:40:00.000Z"}
    if message is not None:
        status["message"] = message
    return _result(statusUpdate={"taskId": "task-<n>", "contextId": "<stream>", "status": status})


def _pcm(rate_hz: int) -> Json:
    return {
        "encoding": "LINEAR_PCM",
        "sampleRateHertz": rate_hz,
        "sampleSizeBits": 16,
        "channelCount": 1,
    }


def _request(kind: str, data: Json) -> Json:
    message = {
        "messageId": "m-1",
        "contextId": "c",
        "role": "ROLE_USER",
        "parts": [{"data": data, "mediaType": "application/json"}],
        "metadata": {f"{_EXT}/eventType": kind},
    }
    return {"jsonrpc": "2.0", "method": "SendMessage", "id": "1", "params": {"message": message}}


_SOUND: Json = {"raw": AUDIO, "mediaType": "audio/lpcm"}
_SPAN: Json = {
    "traceId": "550e8400e29b41d4a716446655440000",
    "spanId": "eee19b7ec3c1b173",
    "name": "invoke_agent billing-agent",
    "kind": 2,
    "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": "1790000002500000000",
    "status": {"code": 1},
}
_SPANS: Json = {"resourceSpans": [{"scopeSpans": [{"spans": [_SPAN]}]}]}
# A whole frame, the end of a turn, to be sent in two parts.
_WHOLE = base64.b64encode(filled(_task("COMPLETED"), "")).decode()


def _fragment(number: int, payload: str) -> Json:
    part = {"fragmentId": "f-<n>", "partNumber": number, "totalParts": 2, "payload": payload}
    return _result(message=_agent_message("FRAGMENT", {"fragment": {**part, "encoding": "base64"}}))


_CONNECT = Published(
    source="AWS, A2A protocol contract for external AI agents, sample events",
    heard=(
        (
            _said(
                "INIT_SESSION_RESPONSE",
                {
                    "initSessionResponse": {
                        "statusCode": "200",
                        "audioOutputConfiguration": _pcm(24000),
                    }
                },
            ),
            ("Owed", "SessionCreated", "SessionConfigured"),
        ),
        (
            _artifact(
                "TEXT_RESPONSE_CHUNK",
                {"text": "Your bill increased because ", "mediaType": "text/plain"},
                append=False,
                last=False,
                name="words-<n>",
            ),
            ("TextDelta",),
        ),
        (_artifact("AUDIO_RESPONSE_CHUNK", _SOUND, append=False, last=False), ("AudioDelta",)),
        (
            _artifact("AUDIO_RESPONSE_CHUNK", _SOUND, append=True, last=True),
            ("AudioDelta", "ResponseDone"),
        ),
        (
            _artifact(
                "TRACING_SPAN",
                {"data": {"tracingSpan": {"otlp": _SPANS}}, "mediaType": "application/json"},
                append=False,
                last=True,
                name="trace-<n>",
            ),
            ("Notice",),
        ),
        (_task("COMPLETED"), ("Notice",)),
        (_artifact("AUDIO_RESPONSE_CHUNK", _SOUND, append=False, last=False), ("AudioDelta",)),
        (
            _said(
                "INTERRUPTION",
                {"interruption": {"type": "USER_AUDIO_INPUT", "reason": "user_speech"}},
            ),
            ("PlaybackCleared",),
        ),
        (
            _task(
                "FAILED",
                _agent_message(
                    "ERROR",
                    {
                        "error": {
                            "errorCode": 424,
                            "errorReason": "Order lookup service timed out",
                            "errorCategory": "DEPENDENCY_FAILURE",
                        }
                    },
                ),
            ),
            ("ResponseDone",),
        ),
        (_fragment(0, _WHOLE[:40]), ("Notice",)),
        (_fragment(1, _WHOLE[40:]), ("Notice",)),
        (
            _task(
                "COMPLETED",
                _agent_message(
                    "FINISH",
                    {"finish": {"type": "ESCALATE", "reason": "Customer requested a human agent"}},
                ),
            ),
            ("CallEnded",),
        ),
        (
            {
                "jsonrpc": "2.0",
                "id": "audio-1",
                "error": {
                    "code": -32600,
                    "message": "Invalid request",
                    "data": [
                        {
                            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                            "reason": "INVALID_REQUEST",
                            "domain": "a2a-protocol.org",
                        }
                    ],
                },
            },
            ("ProviderError",),
        ),
    ),
    sent={
        "start": _request(
            "INIT_SESSION",
            {
                "initSession": {
                    "instanceArn": "arn:i",
                    "contactArn": "arn:c",
                    "supportedFinishTypes": ["COMPLETE", "COMPLETE_WITH_ERROR", "ESCALATE"],
                    "subscribeToTracingEvents": True,
                    "audioInputConfiguration": _pcm(8000),
                    "audioOutputConfiguration": _pcm(16000),
                    "history": [],
                }
            },
        ),
        "media": {
            "jsonrpc": "2.0",
            "method": "SendMessage",
            "id": "req-audio-1",
            "params": {
                "message": {
                    "messageId": "m-4",
                    "contextId": "c",
                    "role": "ROLE_USER",
                    "parts": [_SOUND],
                    "metadata": {},
                }
            },
        },
    },
)

_RELAY = Published(
    source="Twilio, ConversationRelay; Telnyx, ConversationRelay WebSocket channel",
    heard=(
        (
            {"type": "text", "token": "Hello", "last": False, "interruptible": True},
            ("ResponseCreated", "TextDelta", "AudioDelta"),
        ),
        (
            {"type": "text", "token": " <n>", "last": True, "lang": "en-US", "preemptible": False},
            ("TextDelta", "AudioDelta", "ResponseDone"),
        ),
        ({"type": "play", "source": "https://a/b.mp3", "loop": 1, "preemptible": False}, ()),
        ({"type": "sendDigits", "digits": "9www4085551212"}, ()),
        ({"type": "language", "ttsLanguage": "sv-SE", "transcriptionLanguage": "en-US"}, ()),
        ({"type": "end", "handoffData": "{}"}, ("CallEnded",)),
    ),
)

PUBLISHED: dict[str, Published] = {
    "openai": _OPENAI,
    "azure": _OPENAI,
    "voice-live": _VOICE_LIVE,
    "xai": _XAI,
    "inworld": _OPENAI,
    "gemini": _GEMINI,
    "deepgram": _DEEPGRAM,
    "elevenlabs": _ELEVENLABS,
    "vapi": _VAPI,
    "twilio": _TWILIO,
    "signalwire": _twilio_like("SignalWire, cXML <Stream>"),
    "telnyx": _TELNYX,
    "plivo": _plivo_like(
        "Plivo, Audio Streaming reference",
        1,
        {"event": "playedStream", "streamId": "s", "name": "greeting"},
        names_stream=False,
    ),
    "vobiz": _plivo_like(
        "Vobiz, Stream events", 0, {"event": "playedStream", "name": "greeting"}, names_stream=True
    ),
    "exotel": _EXOTEL,
    "vonage": _VONAGE,
    "vonage-8k": _VONAGE,
    "vonage-24k": _VONAGE,
    "amazon-connect": _CONNECT,
    "amazon-connect-8k": _CONNECT,
    "amazon-connect-24k": _CONNECT,
    "twilio-relay": _RELAY,
    "telnyx-relay": _RELAY,
}
"""By the name of the dialect."""
