"""How far the stamp of an arrival may be from the truth."""

from typing import NamedTuple


class StampBound(NamedTuple):
    """A message arrived at its stamp, or earlier by at most the sum of both.

    Attributes:
        uncertainty_ns: Its stamp is that of later bytes, which were read together with it.
        delay_ns: Our own loop stamped it, and may have been so late to do so.
    """

    uncertainty_ns: int
    delay_ns: int


EXACT = StampBound(0, 0)
"""The bound of a message whose last byte was stamped by the kernel."""
