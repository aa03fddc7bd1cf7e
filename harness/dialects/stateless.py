"""A session of a dialect whose messages depend on nothing that was said before."""

from typing import Protocol

from harness.model import Event, Request


class Words(Protocol):
    """How such a dialect reads one message and writes one request."""

    def parse(self, message: bytes) -> Event:
        """See `DialectSession.parse`; one message is one event."""

    def request(self, request: Request) -> bytes:
        """See `DialectSession.request`; one request is one message."""


class StatelessSession:
    """A `DialectSession` without opening, stamps, marks and farewell.

    Args:
        words: The dialect.
    """

    __slots__ = ("_words", "identifier")

    def __init__(self, words: Words) -> None:
        self._words, self.identifier = words, ""

    def opening(self) -> list[bytes]:
        """Send nothing: the server speaks first."""
        return []

    def frame(self, encoded: bytes) -> bytes:
        """Return the message as it is."""
        return encoded

    def request(self, request: Request) -> list[bytes]:
        """Return the request's one message."""
        return [self._words.request(request)]

    def mark_played(self, _name: str) -> list[bytes]:
        """Send nothing: nobody asks."""
        return []

    def playback_cleared(self) -> list[bytes]:
        """Send nothing: nobody takes back audio."""
        return []

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Return the message's one event.

        Raises:
            MalformedMessage: The message does not follow the API's own protocol.
        """
        return (self._words.parse(message),)

    def closing(self) -> list[bytes]:
        """Send nothing: closing the connection ends the session."""
        return []
