"""Which user class each call of a run belongs to, and which of that class's calls it is.

Calls are dealt in rounds. Every round holds each class as often as its weight says, in an order
drawn from the seed, so that shares are exact in every round and the same on any number of workers.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from harness.errors import BadInput

# A round that is longer says no more about shares than one may measure.
_LONGEST_ROUND = 10_000
# Weights may be written as decimal fractions; finer ones than this are rounded.
_FINEST = 1_000


class ClassShares:
    """Deals the calls of a run to its user classes.

    Args:
        weights: Name of a class to its share of the calls, in any unit.
        seed: Source of chance.

    Raises:
        BadInput: A weight is negative or none is above 0, or they are too uneven to be dealt.
    """

    def __init__(self, weights: Mapping[str, Fraction], seed: int) -> None:
        named = sorted(
            (name, weight.limit_denominator(_FINEST)) for name, weight in weights.items()
        )
        if any(weight < 0 for _, weight in named) or not any(weight for _, weight in named):
            raise BadInput("need weights from 0 up, and one above 0", where="user classes")
        scale = math.lcm(*(weight.denominator for _, weight in named))
        whole = {name: int(weight * scale) for name, weight in named if weight}
        divisor = math.gcd(*whole.values())
        self._counts = {name: count // divisor for name, count in whole.items()}
        self._deck = [name for name, count in self._counts.items() for _ in range(count)]
        if len(self._deck) > _LONGEST_ROUND:
            raise BadInput(
                f"the weights need rounds of {len(self._deck)} calls",
                where="user classes",
                hint="Give weights such as 3 and 1",
            )
        self._seed = seed
        self._round: tuple[int, list[tuple[str, int]]] = (-1, [])

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that have calls at all, by name."""
        return tuple(self._counts)

    def deal(self, number: int) -> tuple[str, int]:
        """Return the class of a call, and its number among the calls of that class.

        Args:
            number: Position in the schedule of the run, from 0.
        """
        turn, place = divmod(number, len(self._deck))
        if self._round[0] != turn:
            self._round = (turn, self._dealt(turn))
        return self._round[1][place]

    def _dealt(self, turn: int) -> list[tuple[str, int]]:
        order = np.random.default_rng([self._seed, turn]).permutation(len(self._deck))
        following = {name: turn * count for name, count in self._counts.items()}
        dealt = []
        for place in order:
            name = self._deck[int(place)]
            dealt.append((name, following[name]))
            following[name] += 1
        return dealt
