"""How many turns as points a page can carry, and in which order networks are drawn."""

from collections.abc import Sequence

from harness.analysis import Point, slowness
from harness.model import Run


def networks(run: Run) -> list[str]:
    """Return the networks that have turns, in the order they were asked for."""
    present = {turn.network for turn in run.turns}
    asked = [profile.name for profile in run.manifest.networks if profile.name in present]
    return asked + sorted(present - set(asked))


def thinned(drawn: Sequence[Point], limit: int) -> list[Point]:
    """Return at most about `limit` points by a rule that hides no bad news.

    A tenth of the room goes to the worst turns, those without an answer before the slowest; the
    rest to every k-th of the others in order of time, so that the crowd keeps its shape.
    """
    if len(drawn) <= limit:
        return list(drawn)
    worst_first = sorted(range(len(drawn)), key=lambda i: slowness(drawn[i]), reverse=True)
    worst = set(worst_first[: limit // 10])
    rest = [i for i in range(len(drawn)) if i not in worst]
    step = -(-len(rest) // (limit - len(worst)))
    return [drawn[i] for i in sorted(worst.union(rest[::step]))]
