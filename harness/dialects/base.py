"""What every dialect must be able to do."""

from dataclasses import dataclass
from typing import Protocol

from harness.model import AudioDecoder, AudioFormat, Event, Request, SessionConfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What a caller asks of a session.

    Attributes:
        model: The provider's name for the model.
        silence_ms: Silence after which the server may decide that the caller has finished;
            `None` leaves the server's own default.
        voice: The provider's name for a voice, empty for its default.
        instructions: The agent's instructions, empty for the provider's default.
        tools: Names of the tools that the caller's application offers.
    """

    model: str = ""
    silence_ms: int | None = None
    voice: str = ""
    instructions: str = ""
    tools: tuple[str, ...] = ()


class Dialect(Protocol):
    """One vendor's words, both ways. Messages are UTF-8 text as bytes."""

    name: str
    default_model: str
    audio: AudioFormat

    def path(self, settings: SessionSettings) -> str:
        """Return path and query for an address that names only a host."""

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Return the upgrade request's extra headers; the key goes here and nowhere else."""

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return the messages to send once the session exists."""

    def append_audio(self, frame: bytes) -> bytes:
        """Return the message that carries one frame of raw audio in `audio`'s format."""

    def request(self, request: Request) -> bytes:
        """Return the message that says something besides audio."""

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return what decodes the audio of a response, as events carry it, in this format."""

    def parse(self, message: bytes) -> Event:
        """Turn one message into an event.

        Raises:
            MalformedMessage: The message does not follow the vendor's own protocol.
        """

    def old_name(self, message: bytes) -> str:
        """Return the name of a message that the API has since renamed, empty for all others."""

    def differences(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return in words what the server acknowledged otherwise than it was asked for."""


class MalformedMessage(ValueError):
    """A message that the vendor's protocol does not allow; the session may go on."""
