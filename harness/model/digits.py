"""Keys of a telephone that a caller presses in place of saying something."""

import re

_PREFIX = "dtmf:"
# What `<Number sendDigits>` and its like take: keys, and a pause of half a second.
_KEYS = re.compile(r"[0-9*#A-D](?:w*[0-9*#A-D])*")
_MOST = 64
PAUSE = "w"
"""Half a second between two keys."""


def are_digits(keys: str) -> bool:
    """Return whether these are 1 to 64 keys, with pauses between them only."""
    return len(keys) <= _MOST and _KEYS.fullmatch(keys) is not None


def digits_id(keys: str) -> str:
    """Return the id, in place of an utterance's, of pressing these keys."""
    return _PREFIX + keys


def digits_of(utterance_id: str) -> str:
    """Return the keys that an id stands for, empty for an utterance that is spoken."""
    return utterance_id.removeprefix(_PREFIX) if utterance_id.startswith(_PREFIX) else ""
