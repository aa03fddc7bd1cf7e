"""The dialects that can be asked for, by name."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import urlsplit

from harness.dialects.base import Dialect
from harness.dialects.carriers import amazon_connect
from harness.dialects.carriers.conversation_relay import ConversationRelay
from harness.dialects.carriers.media_stream import MediaStream
from harness.dialects.carriers.relay_tables import RELAY_TABLES
from harness.dialects.carriers.tables import STREAM_TABLES
from harness.dialects.carriers.vonage import RATES_HZ, Vonage
from harness.dialects.lookalikes import LOOK_ALIKES, OpenAILookAlike
from harness.dialects.openai import OpenAIRealtime
from harness.dialects.vendors.deepgram import DeepgramAgent
from harness.dialects.vendors.elevenlabs import ElevenLabsAgent
from harness.dialects.vendors.gemini import GeminiLive
from harness.dialects.vendors.pipecat import Pipecat
from harness.dialects.vendors.vapi import Vapi
from harness.errors import BadInput, sanitised

DEFAULT_DIALECT = "openai"

_CARRIERS: dict[str, Callable[[], Dialect]] = {
    table.name: partial(MediaStream, table) for table in STREAM_TABLES
}
_RELAYS: dict[str, Callable[[], Dialect]] = {
    table.name: partial(ConversationRelay, table) for table in RELAY_TABLES
}
_VONAGE: dict[str, Callable[[], Dialect]] = {
    f"vonage-{rate_hz // 1_000}k": partial(Vonage, rate_hz) for rate_hz in RATES_HZ[1:]
}
_CONNECT: dict[str, Callable[[], Dialect]] = {
    amazon_connect.dialect_name(rate_hz): partial(amazon_connect.AmazonConnect, rate_hz)
    for rate_hz in amazon_connect.RATES_HZ
}
DIALECTS: Mapping[str, Callable[[], Dialect]] = MappingProxyType(
    {
        DEFAULT_DIALECT: OpenAIRealtime,
        **{name: partial(OpenAILookAlike, table) for name, table in LOOK_ALIKES.items()},
        "gemini": GeminiLive,
        "deepgram": DeepgramAgent,
        "elevenlabs": ElevenLabsAgent,
        "vapi": Vapi,
        "pipecat": Pipecat,
        **_CARRIERS,
        "vonage": Vonage,
        **_VONAGE,
        **_CONNECT,
        **_RELAYS,
    }
)


def find_dialect(name: str) -> Dialect:
    """Return the dialect of this name.

    Raises:
        BadInput: There is none.
    """
    if name not in DIALECTS:
        raise BadInput(
            f"no such dialect: {name}", where="--dialect", hint=f"One of: {', '.join(DIALECTS)}"
        )
    return DIALECTS[name]()


def choose_dialect(name: str, address: str) -> str:
    """Return the name of the dialect that is spoken at an address.

    Args:
        name: The one that was asked for; empty for the vendor's, where its host name makes that
            certain, else the default.
        address: Where to.

    Raises:
        BadInput: Another one was asked for than the vendor speaks there.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return name or DEFAULT_DIALECT  # what is no address is refused where it is parsed
    certain = _spoken_at(host, parts.path)
    if name and certain and name != certain:
        raise BadInput(
            f"does not fit {sanitised(host)}, which speaks {certain}",
            where=f"--dialect {name}",
            hint="Leave out --dialect, or give another address",
        )
    return name or certain or DEFAULT_DIALECT


def _spoken_at(host: str, path: str) -> str:
    """Return the dialect that is certainly spoken at a host, empty for none."""
    for name, make in DIALECTS.items():
        for place in make().facts.hosts:
            known, slash, first = place.partition("/")
            here = host == known or (known.startswith(".") and host.endswith(known))
            if here and path.startswith(slash + first):
                return name
    return ""
