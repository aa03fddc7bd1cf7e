"""One connection's frames on their way out.

What every frame touches is kept small: a thousand callers' worth of it has to stay in the
processor's cache.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from harness.session import ReadyFrames

Owner = TypeVar("Owner")


class FrameStream(Generic[Owner]):
    """Where frames come from, and where they go.

    Attributes:
        owner: Who is asked when nothing is ahead.
        ahead: The frames that are known.
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
        """Let nothing more be taken."""
        self.ahead = ReadyFrames()
