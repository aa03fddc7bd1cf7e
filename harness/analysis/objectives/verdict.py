"""The three verdicts, and how several become one."""

from collections.abc import Iterable
from enum import StrEnum


class GateVerdict(StrEnum):
    """What an objective, a comparison or a whole gate comes to."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


def overall(verdicts: Iterable[GateVerdict]) -> GateVerdict:
    """Return the verdict of all: the worst, where not knowing is better than failing.

    No verdict at all is inconclusive.
    """
    found = set(verdicts)
    if GateVerdict.FAIL in found:
        return GateVerdict.FAIL
    if GateVerdict.INCONCLUSIVE in found or not found:
        return GateVerdict.INCONCLUSIVE
    return GateVerdict.PASS
