"""The carriers whose sockets speak JSON.

Grades: A, the carrier's own documentation; B, an excerpt or a copy of it; C, what public
applications rely on.
"""

from collections.abc import Callable
from typing import Any

from harness.dialects.base import DialectFacts, Role
from harness.dialects.carriers.media_stream import StreamIds, StreamTable
from harness.dialects.carriers.webhook import twilio_form
from harness.model import AudioFormat, Encoding

_ULAW = AudioFormat(rate_hz=8_000, encoding=Encoding.MULAW)
_LINEAR = AudioFormat(rate_hz=8_000, encoding=Encoding.PCM16)
_TONE_MS = 100
_CALLER, _CALLED = "+15550100001", "+15550100002"


def carrier_facts(
    source: str,
    *,
    stamps_frames: bool = True,
    frame_ms: int = 20,
    returns_cleared: bool = True,
    key_variables: tuple[str, ...] = (),
    takes_webhooks: bool = False,
    in_text: bool = False,
) -> DialectFacts:
    """Return what applications behind any carrier tell, which is next to nothing."""
    return DialectFacts(
        role=Role.CARRIER,
        frame_ms=frame_ms,
        stamps_frames=stamps_frames and not in_text,
        in_text=in_text,
        announces_session=False,
        takes_session=False,
        takes_model=False,
        takes_silence=False,
        acknowledges_settings=False,
        reports_endpoint=False,
        announces_responses=False,
        ends_responses=in_text,
        takes_webhooks=takes_webhooks,
        # Those that take webhooks in Twilio's words have a REST API in them too.
        ends_over_rest=takes_webhooks,
        presses_keys=True,
        marks_playback=not in_text,
        returns_cleared_marks=returns_cleared,
        calls_tools=False,
        reports_usage=False,
        sends_key=bool(key_variables),
        key_variables=key_variables,
        source=source,
        as_of="2026-11-28",
    )


def _sids(identity: str) -> StreamIds:
    return StreamIds(f"MZ{identity}", f"CA{identity}", f"AC{identity[::-1]}")


def uuid_of(digits: str) -> str:
    """Return 32 hexadecimal digits as a UUID."""
    parts = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
    return "-".join(parts)


def _uuids(identity: str) -> StreamIds:
    return StreamIds(uuid_of(identity), uuid_of(identity[::-1]), f"MA{identity[:18].upper()}")


def _mark(stream_key: str) -> Callable[[str, str], dict[str, Any]]:
    """Return what makes a mark that comes back, with its name in an object of its own."""
    return lambda stream, name: {"event": "mark", stream_key: stream, "mark": {"name": name}}


def _twilio_start(ids: StreamIds, audio: AudioFormat) -> dict[str, Any]:
    content = {
        "accountSid": ids.account,
        "callSid": ids.call,
        "streamSid": ids.stream,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": audio.rate_hz, "channels": 1},
    }
    return {"event": "start", "streamSid": ids.stream, "start": content}


def _twilio_stop(ids: StreamIds) -> dict[str, Any]:
    content = {"accountSid": ids.account, "callSid": ids.call}
    return {"event": "stop", "streamSid": ids.stream, "stop": content}


def _twilio_key(key: str) -> dict[str, Any]:
    return {"track": "inbound_track", "digit": key}


def _twilio_like(name: str, source: str, *, signature: str = "", variable: str = "") -> StreamTable:
    return StreamTable(
        name=name,
        audio=_ULAW,
        facts=carrier_facts(
            source, key_variables=(variable,) if variable else (), takes_webhooks=True
        ),
        signature_header=signature,
        incoming=lambda ids: twilio_form(ids.call, ids.account),
        parameters="customParameters",
        ids=_sids,
        connected={"event": "connected", "protocol": "Call", "version": "1.0.0"},
        start=_twilio_start,
        stop=_twilio_stop,
        key=_twilio_key,
        marked=_mark("streamSid"),
        stream="streamSid",
        sequence="sequenceNumber",
    )


# A for the messages, B for what becomes of marks that are cleared.
TWILIO = _twilio_like(
    "twilio",
    "Twilio, Media Streams - WebSocket messages",
    signature="X-Twilio-Signature",
    variable="TWILIO_AUTH_TOKEN",
)
# A: the same messages under the same names.
SIGNALWIRE = _twilio_like("signalwire", "SignalWire, cXML <Stream>")


def _telnyx_call(ids: StreamIds) -> dict[str, Any]:
    return {
        "user_id": uuid_of(ids.call.replace("-", "")[::-1]),
        "call_control_id": f"v3:{ids.call}",
    }


def _telnyx_start(ids: StreamIds, audio: AudioFormat) -> dict[str, Any]:
    content = {
        **_telnyx_call(ids),
        "call_session_id": ids.call,
        "from": _CALLER,
        "to": _CALLED,
        "custom_parameters": {},
        "media_format": {"encoding": "PCMU", "sample_rate": audio.rate_hz, "channels": 1},
    }
    return {"event": "start", "stream_id": ids.stream, "start": content}


def _telnyx_stop(ids: StreamIds) -> dict[str, Any]:
    return {"event": "stop", "stream_id": ids.stream, "stop": _telnyx_call(ids)}


# A. Its real frames may arrive out of order, which these do not; the bidirectional mode is `rtp`.
TELNYX = StreamTable(
    name="telnyx",
    audio=_ULAW,
    facts=carrier_facts("Telnyx, Stream call media over WebSocket"),
    ids=_uuids,
    connected={"event": "connected", "version": "1.0.0"},
    start=_telnyx_start,
    stop=_telnyx_stop,
    key=lambda key: {"digit": key},
    marked=_mark("stream_id"),
    stream="stream_id",
    sequence="sequence_number",
    demands_stream=False,
)


def _plivo_start(ids: StreamIds, audio: AudioFormat) -> dict[str, Any]:
    content = {
        "callId": ids.call,
        "streamId": ids.stream,
        "accountId": ids.account,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": audio.rate_hz},
    }
    return {"event": "start", "start": content, "extra_headers": "{}"}


def _plivo_like(
    name: str, source: str, *, first_number: int, marked: Callable[[str, str], dict[str, Any]]
) -> StreamTable:
    return StreamTable(
        name=name,
        audio=_ULAW,
        facts=carrier_facts(source, returns_cleared=False),
        ids=_uuids,
        connected=None,
        start=_plivo_start,
        stop=None,
        key=lambda key: {"track": "inbound", "digit": key},
        stream="streamId",
        sequence="sequenceNumber",
        first_number=first_number,
        quotes_numbers=False,
        beside_frames='"extra_headers":"{}",',
        # Plivo documents audio without it, and applications send it so to both.
        demands_stream=False,
        play="playAudio",
        mark="checkpoint",
        marked=marked,
        numbers_marks=False,
        flat_marks=True,
        clear="clearAudio",
        cleared="clearedAudio",
    )


# A for the messages; that cleared checkpoints never come back is A for Vobiz and C for Plivo.
# Their timestamps are the carrier's clock, in ms; here they count from the beginning.
PLIVO = _plivo_like(
    "plivo",
    "Plivo, Audio Streaming",
    first_number=1,
    marked=lambda stream, name: {"event": "playedStream", "streamId": stream, "name": name},
)
VOBIZ = _plivo_like(
    "vobiz",
    "Vobiz, Audio Streams",
    first_number=0,
    marked=lambda _stream, name: {"event": "playedStream", "name": name},
)


def _exotel_start(ids: StreamIds, audio: AudioFormat) -> dict[str, Any]:
    content = {
        "stream_sid": ids.stream,
        "call_sid": ids.call,
        "account_sid": ids.account,
        "from": _CALLER,
        "to": _CALLED,
        "custom_parameters": {},
        "media_format": {
            "encoding": "audio/x-raw",
            "sample_rate": str(audio.rate_hz),
            "bit_rate": "16",
        },
    }
    return {"event": "start", "stream_sid": ids.stream, "start": content}


def _exotel_stop(ids: StreamIds) -> dict[str, Any]:
    content = {"call_sid": ids.call, "account_sid": ids.account, "reason": "callended"}
    return {"event": "stop", "stream_sid": ids.stream, "stop": content}


# A for the messages, C for what becomes of marks that are cleared.
EXOTEL = StreamTable(
    name="exotel",
    audio=_LINEAR,
    facts=carrier_facts("Exotel, AgentStream - WebSocket protocol", frame_ms=100),
    ids=_sids,
    connected={"event": "connected"},
    start=_exotel_start,
    stop=_exotel_stop,
    key=lambda key: {"duration": str(_TONE_MS), "digit": key},
    marked=_mark("stream_sid"),
    stream="stream_sid",
    sequence="sequence_number",
    names_track=False,
)

STREAM_TABLES = (TWILIO, SIGNALWIRE, TELNYX, PLIVO, VOBIZ, EXOTEL)
"""Every carrier of this kind."""
