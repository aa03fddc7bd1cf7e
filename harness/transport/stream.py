"""What the parts of a connection expect of each other: bytes in with their stamp, bytes out.

A socket is a stream, TLS over it is one too; the WebSocket on top takes either.
"""

from typing import Protocol

from harness.model import StampBound


class Outlet(Protocol):
    """Where a connection's messages leave, for who sends many of them.

    A sender of its own, such as a native one, may pass bytes to the kernel by `fileno`, without
    `write`, as long as `fileno` is not -1 and `waiting` is 0; and gives to `keep` what the kernel
    did not accept. Both are to be looked at before every message.

    Attributes:
        fileno: The socket's descriptor; -1 where only `write` can be used: for TLS, and once the
            connection is over.
        waiting: How many bytes wait until the kernel accepts them.
    """

    @property
    def fileno(self) -> int:
        """See above."""

    @property
    def waiting(self) -> int:
        """See above."""

    def write(self, data: bytes) -> None:
        """Send bytes, or keep what the kernel does not accept; nothing once it is over."""

    def keep(self, data: bytes) -> None:
        """Send bytes as soon as the kernel accepts more."""


class Stream(Outlet, Protocol):
    """A connection that carries bytes in both directions."""

    def write_eof(self) -> None:
        """Send no more, after what waits."""

    def close(self) -> None:
        """Receive no more, and close when what waits has been sent."""

    def abort(self) -> None:
        """Close now."""


class Sink(Protocol):
    """Receives what a stream carries. All instants are monotonic nanoseconds."""

    def received(self, data: bytes, at_ns: int, since_ns: int, last: StampBound) -> None:
        """Take bytes of one read.

        Args:
            data: What was read, never empty.
            at_ns: When the last byte arrived.
            since_ns: After when every byte arrived.
            last: How far `at_ns` may be from when the last byte arrived.
        """

    def ended(self, error: Exception | None) -> None:
        """Take the end, exactly once; `error` unless one of both sides closed it."""
