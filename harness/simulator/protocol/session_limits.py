"""What a session is given: its connection, and how its server treats all sessions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.audio_archive import AudioArchive


class Link(Protocol):
    """The connection as its session sees it."""

    def send(self, message: bytes) -> None:
        """Send one text message."""

    def send_binary(self, message: bytes) -> None:
        """Send one binary message."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Call back at an instant of the monotonic clock."""

    def reset(self) -> None:
        """End the connection with a TCP reset."""

    def die_in_mid_frame(self) -> None:
        """Send a part of a frame, then end the connection."""

    def stop_reading(self, duration_ns: int) -> None:
        """Read nothing from the connection for so long."""


class ServedSession(Protocol):
    """A session as its connection sees it."""

    def open(self) -> None:
        """Begin: the client was let in."""

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take one text message."""

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take one binary message."""

    def end(self) -> None:
        """Stop: the connection is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How a server treats all its sessions.

    Attributes:
        limit_s: Longest a session may last.
        null: No VAD.
        heard: Folder for what is heard, `None` to keep nothing.
        archive: Keeps what callers say.
    """

    limit_s: float
    null: bool = False
    heard: Path | None = None
    archive: AudioArchive = field(default_factory=AudioArchive)
