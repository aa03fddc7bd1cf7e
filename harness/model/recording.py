"""A turn's audio as it is kept beside the run, by what is written down of it."""

import re
from dataclasses import dataclass
from enum import StrEnum

_PLAIN = re.compile(r"\w[\w.-]*", re.ASCII)


class RecordedFor(StrEnum):
    """Why a turn was recorded.

    `slowest`, `failed` and `premature` turns are the worst of their kind; `chosen` is one of those
    asked for whatever came of them.
    """

    SLOWEST = "slowest"
    FAILED = "failed"
    PREMATURE = "premature"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The audio of one turn: the caller left, the agent right.

    Attributes:
        session_id: Session of the turn.
        turn_index: Its position in the session.
        why: Why it was recorded.
        rank: How much it is worth keeping: of one reason, the larger the worse the turn.
        file: Name of the file, in the folder of recordings.
        start_ns: When its first sample was heard, since run start.
        rate_hz: Samples per second.
        samples: Length, in samples of one channel.
        size_bytes: Length of the file.
        underruns_ns: From when to when the agent's audio had run out, since run start.
        removed: Its place was taken by a worse turn, and the file is gone.
    """

    session_id: str
    turn_index: int
    why: RecordedFor
    rank: float
    file: str
    start_ns: int
    rate_hz: int
    samples: int
    size_bytes: int
    underruns_ns: tuple[tuple[int, int], ...] = ()
    removed: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that leads out of the folder: it may come from another machine."""
        if not _PLAIN.fullmatch(self.file):
            raise ValueError(f"{self.file!r} is not the name of a recording")

    @property
    def turn(self) -> tuple[str, int]:
        """Session and position that name the turn."""
        return self.session_id, self.turn_index
