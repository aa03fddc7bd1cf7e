"""A session of a dialect whose messages depend on nothing that was said before."""

from typing import Protocol

from harness.dialects.plain import PlainSession
from harness.model import Event, Request


class Words(Protocol):
    """How such a dialect reads one message and writes one request."""

    def parse(self, message: bytes) -> Event:
        """See `DialectSession.parse`; one message is one event."""

    def request(self, request: Request) -> bytes:
        """See `DialectSession.request`; one request is one message."""


class StatelessSession(PlainSession):
    """A `DialectSession` of one event a message and one message a request.

    Args:
        words: The dialect.
    """

    __slots__ = ("_words",)

    def __init__(self, words: Words) -> None:
        self._words = words

    def request(self, request: Request) -> list[bytes]:
        """Return the request's one message."""
        return [self._words.request(request)]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Return the message's one event.

        Raises:
            MalformedMessage: The message does not follow the API's own protocol.
        """
        return (self._words.parse(message),)
