"""A program that keeps a core, for measurements beside one: `python -m harness.bench.busy_loop`.

It ends when standard input does.
"""

import select
import sys
from itertools import repeat

_ROUNDS = 1_000_000


def main() -> None:
    """Compute until standard input ends."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in repeat(None, _ROUNDS):
            pass


if __name__ == "__main__":
    main()
