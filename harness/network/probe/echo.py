"""The far end of a connection that sends back what it gets."""

import asyncio
from typing import cast


class Echo(asyncio.Protocol):
    """One connection's far end.

    Args:
        open_ones: Holds the transport for as long as the connection is open.
    """

    def __init__(self, open_ones: "set[asyncio.Transport]") -> None:
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class
        self._open_ones.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        del exc
        self._open_ones.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self._transport.write(data)
