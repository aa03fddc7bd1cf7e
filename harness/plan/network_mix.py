"""Which call goes through which network, when a run has several."""

from collections.abc import Sequence

import numpy as np

from harness.errors import BadInput, sanitised

_MOST = 1000

Mix = tuple[tuple[str, int], ...]


def parse_mix(text: str) -> Mix:
    """Return the profiles of a mix and their weights.

    Args:
        text: Such as `lte_good=3,wifi_busy`; a profile without a weight has weight 1. Without
            any weights a profile may stand there several times.

    Raises:
        BadInput: Nothing is named, something is weighed twice, or a weight is no whole number
            from 1 to 1000.
    """
    found = [_parted(word) for word in (word.strip() for word in text.split(",")) if word]
    if not found:
        raise _refused("names no profile", text)
    names = [name for name, _ in found]
    if any(weight != 1 for _, weight in found) and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused(f"{twice} is named twice", text)
    return tuple(found)


def choose_network(mix: Sequence[tuple[str, int]], call: int, seed: int) -> str:
    """Return the profile of call number `call`.

    Without weights the profiles take turns. With weights, calls are dealt in rounds as long as
    the sum of the weights, in an order drawn for each round, so that the shares are exact in
    every round and the same on any number of workers.

    Args:
        mix: Profiles and weights.
        call: Position in the schedule, from 0.
        seed: Source of chance.
    """
    deck = [name for name, weight in mix for _ in range(weight)]
    turn, place = divmod(call, len(deck))
    if all(weight == 1 for _, weight in mix):
        return deck[place]
    order = np.random.default_rng([seed, turn]).permutation(len(deck))
    return deck[int(order[place])]


def _parted(word: str) -> tuple[str, int]:
    name, weighed, weight = word.partition("=")
    name = name.strip()
    if not weighed:
        return name, 1
    try:
        number = int(weight)
    except ValueError:
        raise _refused(f"the weight of {name} must be a whole number", word) from None
    if not name or not 1 <= number <= _MOST:
        raise _refused(f"the weight of {name or 'a profile'} must be from 1 to {_MOST}", word)
    return name, number


def _refused(what: str, where: str) -> BadInput:
    return BadInput(
        sanitised(what), where=sanitised(f"--network {where}"), hint="Write it as NAME=3,OTHER=1"
    )
