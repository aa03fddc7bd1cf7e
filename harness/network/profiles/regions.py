"""How much further away the API is when it is in another region than the caller."""

import difflib
import math
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from harness.errors import BadInput, sanitised
from harness.model import Direction, NetworkProfile, Stage

HOME = "eu-west"


@dataclass(frozen=True, slots=True)
class _Term:
    rtt_ms: float
    source: str


def add_region(profile: NetworkProfile, region: str) -> NetworkProfile:
    """Return the profile with the distance to a region added, in every stage of it.

    Args:
        profile: The network to a server nearby.
        region: `tokyo`, seen from a caller in eu-west, or `us-east:tokyo`.

    Raises:
        BadInput: There is no such region; the message has the nearest names.
    """
    term = _find(region)
    down_ms = float(math.floor(term.rtt_ms / 2))
    up_ms = term.rtt_ms - down_ms

    def longer(direction: Direction, by_ms: float) -> Direction:
        return replace(direction, delay_ms=direction.delay_ms + by_ms)

    def further(stage: Stage) -> Stage:
        return replace(stage, up=longer(stage.up, up_ms), down=longer(stage.down, down_ms))

    return replace(
        profile,
        name=f"{profile.name}+{region}",
        up=longer(profile.up, up_ms),
        down=longer(profile.down, down_ms),
        source=f"{profile.source}; {term.source}",
        stages=tuple(further(stage) for stage in profile.stages),
    )


def regions() -> tuple[str, ...]:
    """Return all names that may follow a plus, single ones first."""
    single = [name.removeprefix(f"{HOME}:") for name in _terms() if name.startswith(f"{HOME}:")]
    return (HOME, *single, *_terms())


def _find(region: str) -> _Term:
    known = _terms()
    first, _, second = region.rpartition(":")
    ends = (first or HOME, second)
    for name in (":".join(ends), ":".join(reversed(ends))):
        if name in known:
            return known[name]
    if ends[0] == ends[1] and ends[0] in {end for name in known for end in name.split(":")}:
        return _Term(0.0, "the same region")
    near = difflib.get_close_matches(region.lower(), regions(), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(regions())}."
    raise BadInput("no region has this name", where=sanitised(region), hint=hint)


@cache
def _terms() -> dict[str, _Term]:
    text = (files(__package__) / "regions.toml").read_text(encoding="utf-8")
    return {
        name: _Term(float(table["rtt_ms"]), table["source"])
        for name, table in tomllib.loads(text).items()
    }
