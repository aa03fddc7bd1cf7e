"""The outgoing frames of one connection.

What is used for every frame is kept small: for a thousand callers it has to fit in the
processor's cache.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from harness.session import ReadyFrames

Owner = TypeVar("Owner")


class FrameStream(Generic[Owner]):
    """Where frames come from, and where they go.

    Attributes:
        owner: Asked for a frame when none is ready.
        ahead: The frames that are ready.
        write: Writes one ready message.
        frame_ns: How often one is due.
    """

    __slots__ = ("ahead", "frame_ns", "owner", "write")

    def __init__(
        self, owner: Owner, ahead: ReadyFrames, write: Callable[[bytes], None], frame_ns: int
    ) -> None:
        self.owner = owner
        self.ahead, self.write, self.frame_ns = ahead, write, frame_ns

    def end(self) -> None:
        """Discard the frames that are ready."""
        self.ahead = ReadyFrames()
