"""The settings of a cascade."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BadInput

MODEL = "cascade"
"""The model that sessions name: no price list has it, since each part has a price of its own."""

_INSTRUCTIONS = (
    "You are a voice agent on a call. Answer in one or two short sentences as they are spoken,"
    " without lists, headings or other formatting."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One part of the cascade.

    Attributes:
        name: The provider's words, such as `openai`.
        url: Where it is; empty for its usual address.
        model: Its model; empty for a usual one.
        voice: Its voice, where it speaks; likewise.
        language: Of the speech, where it hears; empty to leave it to the provider.
        key_env: Environment variable that holds its key; empty for the usual one, and for none
            where the address is one's own.
        limit_s: How long it may take: for a whole transcript, or until the next piece of text or
            speech.
        options: Sent along with each request, such as `{"temperature": 0}`.
    """

    name: str
    url: str = ""
    model: str = ""
    voice: str = ""
    language: str = ""
    key_env: str = ""
    limit_s: float = 10.0
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        if not 0 < self.limit_s <= 600:
            raise BadInput(
                f"a limit lies between 0 and 600 s, not at {self.limit_s:g}", where=self.name
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeConfig:
    """All settings of a cascade.

    Attributes:
        stt: Speech to text.
        llm: The language model.
        tts: Text to speech.
        host: Address to listen on; loopback by default.
        port: Port to listen on, 0 for a free one.
        stages: File the stage log is appended to, `None` for no log.
        instructions: The system's message where a session has no instructions.
        ping_interval_s: Time between pings.
        session_limit_s: Longest session.
    """

    stt: ProviderSettings
    llm: ProviderSettings
    tts: ProviderSettings
    host: str = "127.0.0.1"
    port: int = 0
    stages: Path | None = None
    instructions: str = _INSTRUCTIONS
    ping_interval_s: float = 20.3
    session_limit_s: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse what cannot be served."""
        if not 0 <= self.port <= 65_535:
            raise BadInput(
                f"must be between 0 and 65535, got {self.port}",
                where="--port",
                hint="0 is a free one",
            )
