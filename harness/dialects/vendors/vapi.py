"""Vapi's WebSocket transport: a call that is created over REST, binary audio, and JSON beside it.

The agent's audio is a continuous stream at the pace of speech, with silence between its responses,
so that responses are found in the audio. The vendor's own word that the caller has stopped speaking
comes from its voice detection and not from the decision that the turn is over: no endpoint.

Source: Vapi, "WebSocket Transport" and the types of its SDK 3.0 (A). That the socket needs no key,
so that its address is a secret, and that "speech-update" comes on it, are a third party's (C).
"""

from typing import Any

import msgspec

from harness.dialects.base import (
    CallQueued,
    DialectFacts,
    DialectSession,
    IncomingCall,
    MalformedMessage,
    SessionSettings,
)
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.raw_audio import RawAudio
from harness.dialects.session_wishes import merged
from harness.dialects.vendors.vapi_account import read_account
from harness.errors import BadInput, sanitised, server_words
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    Event,
    Notice,
    ProviderError,
    SpeechStarted,
    TextDelta,
)

_RATE_HZ = 16_000
_TRANSPORT = {
    "provider": "vapi.websocket",
    "audioFormat": {"format": "pcm_s16le", "container": "raw", "sampleRate": _RATE_HZ},
}
# What of a call names its agent; where the user's own session has none of it, the agent is ours.
_AGENTS = ("assistant", "assistantId", "squad", "squadId", "workflow", "workflowId")
_MODEL = "gpt-4o-mini"
_WANTED = ["speech-update", "status-update", "transcript", "user-interrupted"]


class _Transport(msgspec.Struct):
    websocketCallUrl: str = ""  # noqa: N815


class _Limits(msgspec.Struct):
    concurrencyBlocked: bool | None = None  # noqa: N815
    concurrencyLimit: float | None = None  # noqa: N815


class _Call(msgspec.Struct):
    id: str = ""
    status: str | None = None
    transport: _Transport | None = None
    subscriptionLimits: _Limits | None = None  # noqa: N815


class _Message(msgspec.Struct):
    type: str
    role: str = ""
    status: str = ""
    transcript: str = ""
    transcriptType: str = ""  # noqa: N815
    endedReason: str = ""  # noqa: N815


_decode = msgspec.json.Decoder(_Message).decode
_decode_call = msgspec.json.Decoder(_Call).decode
_encode = msgspec.json.Encoder().encode


class Vapi(PlainDialect):
    """The `Dialect` of Vapi's calls over a WebSocket."""

    name = "vapi"
    default_model = _MODEL
    audio = AudioFormat(rate_hz=_RATE_HZ)
    facts = DialectFacts(
        creates_calls=True,
        reads_account=read_account,
        announces_session=False,
        acknowledges_settings=False,
        takes_silence=False,
        reports_endpoint=False,
        announces_responses=False,
        ends_responses=False,
        calls_tools=False,
        reports_usage=False,
        hosts=("api.vapi.ai",),
        key_variables=("VAPI_API_KEY",),
        source="Vapi, WebSocket transport",
        as_of="2026-11-29",
    )

    def open(self, _identity: str) -> DialectSession:
        """Return a call that is not created yet."""
        return _Session(self)

    def path(self, _settings: SessionSettings) -> str:
        """Return where calls are created."""
        return "/call"

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return the private key, which creates calls; their sockets are not shown it."""
        return [] if api_key is None else [("Authorization", f"Bearer {api_key}")]

    def asked(self, settings: SessionSettings) -> dict[str, Any]:
        """Return the call that is asked for: its audio, and the user's own agent or one of ours.

        Raises:
            BadInput: The user's own names the transport, which is ours to choose, or an agent
                together with a model.
        """
        wishes = settings.wishes.fields
        if "transport" in wishes:
            raise BadInput("transport is the dialect's", where="--session", hint="Leave it out")
        if any(name in wishes for name in _AGENTS):
            if settings.model:
                raise BadInput(
                    "the agent of --session has a model of its own",
                    where=f"--model {settings.model}",
                    hint="Leave it out, or name no agent",
                )
            return merged({"transport": _TRANSPORT}, wishes)
        model: dict[str, Any] = {"provider": "openai", "model": settings.model or _MODEL}
        if settings.instructions:
            model["messages"] = [{"role": "system", "content": settings.instructions}]
        agent: dict[str, Any] = {"model": model, "clientMessages": _WANTED}
        # The caller begins, as with the other vendors.
        agent["firstMessageMode"] = "assistant-waits-for-user"
        return merged({"transport": _TRANSPORT, "assistant": agent}, wishes)

    def append_audio(self, frame: bytes) -> bytes:
        """Return the frame as a binary message."""
        return BinaryMessage(frame)

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples."""
        return RawAudio(audio)


class _Session(PlainSession):
    """One call.

    It is recorded under the vendor's name for it only where that does not stand in its address.
    """

    def __init__(self, dialect: Vapi) -> None:
        self._dialect, self.identifier, self.call_name = dialect, "", ""

    def incoming(
        self, _api_key: str | None, _address: str, settings: SessionSettings
    ) -> IncomingCall:
        """Return the request that creates the call."""
        return IncomingCall(_encode(self._dialect.asked(settings)), "application/json")

    def answered(self, document: bytes) -> str:
        """Take the call that was created, and return the address of its socket.

        Raises:
            CallQueued: It waits for others to end.
            MalformedMessage: The answer names no socket.
        """
        try:
            call = _decode_call(document)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("the answer is no call") from error
        self.call_name, limits = call.id, call.subscriptionLimits
        if limits is not None and limits.concurrencyBlocked:
            most = limits.concurrencyLimit
            words = "" if most is None else f" of {most:g} calls at once"
            raise CallQueued(f"the vendor queued the call: the limit{words} is reached")
        address = "" if call.transport is None else call.transport.websocketCallUrl
        if not address and call.status == "queued":
            raise CallQueued("the vendor queued the call: it names no socket yet")
        if not address:
            raise MalformedMessage("the answer names no websocketCallUrl")
        self.identifier = "" if call.id in address else sanitised(call.id)
        return address

    def closing(self) -> list[bytes]:
        """Return the message that ends the call; otherwise it would go on, and cost, for a while.

        The documentation also shows "hangup", which the types of the SDK do not have.
        """
        return [b'{"type":"end-call"}']

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message into events.

        Raises:
            MalformedMessage: A text that is no message of a call.
        """
        if isinstance(message, BinaryMessage):
            return (AudioDelta(message),)
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of a call") from error
        match said.type, said.role, said.status or said.transcriptType:
            case ("speech-update", "user", "started") | ("user-interrupted", _, _):
                return (SpeechStarted(),)
            case "transcript", "assistant", "final":
                # A sentence, of which the next one of the response is to be kept apart.
                return (TextDelta(text=f"{said.transcript} "),)
            case "status-update", _, "ended" if "error" in said.endedReason:
                return (ProviderError("ended", server_words(said.endedReason)),)
        return (Notice(sanitised(said.type)),)
