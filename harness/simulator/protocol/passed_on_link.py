"""A link that passes on to another one what has nothing to do with an API's words."""

from collections.abc import Callable

from harness.simulator.protocol.session_limits import Link
from harness.simulator.timing.deadlines import Deadline


class PassedOnLink:
    """What a translation between a session and its connection leaves as it is.

    Args:
        link: The connection.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def send_binary(self, message: bytes) -> None:
        """Send one binary message."""
        self._link.send_binary(message)

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._link.close(code, reason)

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Call back at an instant of the monotonic clock."""
        return self._link.at(due_ns, callback)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self._link.reset()

    def die_in_mid_frame(self) -> None:
        """Send a part of a frame, then end the connection."""
        self._link.die_in_mid_frame()

    def stop_reading(self, duration_ns: int) -> None:
        """Read nothing from the connection for so long."""
        self._link.stop_reading(duration_ns)
