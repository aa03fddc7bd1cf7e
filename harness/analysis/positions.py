"""Turns by their position in the call: what a growing context does to latency."""

import numpy as np

from harness.analysis.columns import Flags, TurnColumns

_ONE_BY_ONE = 8


def positions(columns: TurnColumns) -> dict[str, Flags]:
    """Return which turns are at each position, by its name; none where all are at one.

    The first eight stand by themselves, later ones in ranges that double, so that calls of any
    length make a short table. Positions count from 1.
    """
    found = np.fromiter((turn.turn_index for turn in columns.turns), np.int64, len(columns)) + 1
    if len(np.unique(found)) < 2:
        return {}
    names: dict[str, Flags] = {}
    first, width = 1, 1
    while first <= found.max():
        last = first + width - 1
        chosen = (found >= first) & (found <= last)
        if chosen.any():
            names[str(first) if width == 1 else f"{first} to {last}"] = chosen
        first = last + 1
        width = 1 if first <= _ONE_BY_ONE else last
    return names
