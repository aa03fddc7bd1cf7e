"""The dialects that can be asked for, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harness.dialects.base import Dialect
from harness.dialects.openai import OpenAIRealtime
from harness.dialects.twilio import TwilioMediaStreams
from harness.errors import BadInput

DEFAULT_DIALECT = "openai"
DIALECTS: Mapping[str, Callable[[], Dialect]] = MappingProxyType(
    {"openai": OpenAIRealtime, "twilio": TwilioMediaStreams}
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
