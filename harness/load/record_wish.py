"""Which turns a person wants to listen to afterwards, and how much room that may take."""

import re
import zlib
from dataclasses import dataclass

from harness.errors import BadInput, sanitised

MOST_MB = 500
"""Room on disk unless another is given: 2,000 turns of ten seconds at 24 kHz."""

_WORST = re.compile(r"worst=([1-9]\d{0,4})")
_SHARE = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)%")
_BUCKETS = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWish:
    """What to record.

    Attributes:
        text: As it was asked for.
        worst: The worst so many of each kind; `None` for turns whatever comes of them.
        share: Share of the calls whose turns are kept at first, from 0 to 1.
        most_mb: Most that the recordings may take on disk, in megabytes.
    """

    text: str
    worst: int | None
    share: float
    most_mb: int

    def wants(self, session_id: str, seed: int) -> bool:
        """Return whether a call is among those to keep: by its name, the same in any process."""
        return zlib.crc32(f"{seed} {session_id}".encode()) < self.share * _BUCKETS

    @property
    def in_words(self) -> str:
        """What is asked for, with its limit."""
        return f"{self.text}, at most {self.most_mb} MB"


def parse_record(text: str, most_mb: int) -> RecordWish | None:
    """Return what `worst=20`, `all` or `10%` asks for; `None` for an empty text.

    Args:
        text: What was given.
        most_mb: Most room on disk, in megabytes.

    Raises:
        BadInput: It asks for nothing that can be recorded.
    """
    if not text:
        return None
    if most_mb < 1:
        raise BadInput("must be at least 1", where="--record-mb", hint="See --help")
    if found := _WORST.fullmatch(text):
        return RecordWish(text=text, worst=int(found[1]), share=1.0, most_mb=most_mb)
    share = 1.0 if text in ("all", "100%") else 0.0
    if found := _SHARE.fullmatch(text):
        share = float(found[1]) / 100
    if not share:
        raise BadInput(
            "is nothing to record",
            where=sanitised(f"--record {text}"),
            hint="Give worst=20, all, or a share of the calls such as 10%",
        )
    return RecordWish(text=text, worst=None, share=share, most_mb=most_mb)
