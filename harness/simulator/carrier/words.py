"""What applications behind each carrier read and write.

Written from the carriers' documents and not from the callers' side, so that a mistake in one shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierWords:
    """The words of one carrier.

    Attributes:
        begins: The event that begins a stream.
        stream_of: Finds the stream's name in that message.
        rate_of: Finds the sample rate of linear audio in it; `None` for mu-law at 8 kHz.
        returned: The event that tells that a mark has been played.
        name_of: Finds the mark's name in it.
        key_event: The event of a pressed key of the telephone.
        key_of: Finds the key in it.
        audio: Makes a message of base64 audio of a stream.
        mark: Makes a mark of a name.
        clear: Makes the message that takes back audio.
        binary: Audio is in binary messages of their own, in both directions.
    """

    begins: str
    stream_of: Callable[[Json], str]
    rate_of: Callable[[Json], int | None]
    returned: str
    name_of: Callable[[Json], str]
    audio: Callable[[str, str], Json]
    mark: Callable[[str, str], Json]
    clear: Callable[[str], Json]
    key_event: str = "dtmf"
    key_of: Callable[[Json], str] = lambda pressed: str(pressed["dtmf"]["digit"])
    binary: bool = False


def _twilio_like(key: str) -> CarrierWords:
    return CarrierWords(
        begins="start",
        stream_of=lambda start: str(start[key]),
        rate_of=lambda _start: None,
        returned="mark",
        name_of=lambda mark: str(mark["mark"]["name"]),
        audio=lambda stream, payload: {
            "event": "media",
            key: stream,
            "media": {"payload": payload},
        },
        mark=lambda stream, name: {"event": "mark", key: stream, "mark": {"name": name}},
        clear=lambda stream: {"event": "clear", key: stream},
    )


_TELNYX = CarrierWords(
    begins="start",
    stream_of=lambda start: str(start["stream_id"]),
    rate_of=lambda _start: None,
    returned="mark",
    name_of=lambda mark: str(mark["mark"]["name"]),
    audio=lambda _stream, payload: {"event": "media", "media": {"payload": payload}},
    mark=lambda _stream, name: {"event": "mark", "mark": {"name": name}},
    clear=lambda _stream: {"event": "clear"},
)
_PLIVO = CarrierWords(
    begins="start",
    stream_of=lambda start: str(start["start"]["streamId"]),
    rate_of=lambda _start: None,
    returned="playedStream",
    name_of=lambda played: str(played["name"]),
    audio=lambda stream, payload: {
        "event": "playAudio",
        "streamId": stream,
        "media": {"contentType": "audio/x-mulaw", "sampleRate": 8_000, "payload": payload},
    },
    mark=lambda stream, name: {"event": "checkpoint", "streamId": stream, "name": name},
    clear=lambda stream: {"event": "clearAudio", "streamId": stream},
)


def _exotel() -> CarrierWords:
    like = _twilio_like("stream_sid")
    return CarrierWords(
        begins=like.begins,
        stream_of=like.stream_of,
        rate_of=lambda start: int(start["start"]["media_format"]["sample_rate"]),
        returned=like.returned,
        name_of=like.name_of,
        audio=like.audio,
        mark=like.mark,
        clear=like.clear,
    )


_VONAGE = CarrierWords(
    begins="websocket:connected",
    stream_of=lambda start: str(start.get("call", "")),
    rate_of=lambda start: int(str(start["content-type"]).partition("rate=")[2]),
    returned="websocket:notify",
    name_of=lambda notice: str(notice["payload"]["name"]),
    audio=lambda _stream, _payload: {},
    mark=lambda _stream, name: {"action": "notify", "payload": {"name": name}},
    clear=lambda _stream: {"action": "clear"},
    key_event="websocket:dtmf",
    key_of=lambda pressed: str(pressed["digit"]),
    binary=True,
)

CARRIERS = {
    "twilio": _twilio_like("streamSid"),
    "signalwire": _twilio_like("streamSid"),
    "telnyx": _TELNYX,
    "plivo": _PLIVO,
    "vobiz": _PLIVO,
    "exotel": _exotel(),
    "vonage": _VONAGE,
    "vonage-8k": _VONAGE,
    "vonage-24k": _VONAGE,
}
"""By the name of the carrier, which is also the path of its application."""
