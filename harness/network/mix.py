"""Which call goes through which network, when a run has several."""

from collections.abc import Sequence

import numpy as np

from harness.errors import BadInput, printable

_MOST = 1000

Mix = tuple[tuple[str, int], ...]


def parse_mix(text: str) -> Mix:
    """Return the profiles of a mix and their weights.

    Args:
        text: Such as `lte_good:3,wifi_busy`; a profile without a weight has weight 1.

    Raises:
        BadInput: Nothing is named, something twice, or a weight is no whole number from 1 to 1000.
    """
    found: dict[str, int] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, weight = _parted(word)
        if not 1 <= weight <= _MOST:
            raise _refused(f"the weight of {name} must be from 1 to {_MOST}", word)
        if name in found:
            raise _refused(f"{name} is named twice", text)
        found[name] = weight
    if not found:
        raise _refused("names no profile", text)
    return tuple(found.items())


def choose_network(mix: Sequence[tuple[str, int]], call: int, seed: int) -> str:
    """Return the profile of call number `call`.

    Calls are dealt in rounds as long as the sum of the weights, in an order drawn for each round,
    so that the shares are exact in every round and the same on any number of workers. With equal
    weights of one profile each takes its turn.

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
    """Split off the weight; a region's name may have a colon too, but never a number behind it."""
    name, colon, weight = word.rpartition(":")
    if not colon:
        return word, 1
    try:
        return name, int(weight)
    except ValueError:
        if "+" in word and not any(character in weight for character in "0123456789.-"):
            return word, 1
        raise _refused(f"the weight of {name} must be a whole number", word) from None


def _refused(what: str, where: str) -> BadInput:
    return BadInput(printable(what), where=printable(where), mend="Write it as NAME:3,OTHER:1.")
