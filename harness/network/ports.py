"""Ports to listen on, outside the range the kernel hands out by itself.

A port from the kernel's ephemeral range may be taken by any outgoing connection of the same run
between choosing and listening. Ours start at a random place, so that runs side by side seldom
meet, and whoever listens tries the next one when they do.
"""

import itertools
import secrets
import socket
from collections.abc import Iterator

FIRST_PORT, LAST_PORT = 20_000, 29_999


def candidate_ports() -> Iterator[int]:
    """Yield ports of the range for ever, from a random one upwards and round again."""
    span = LAST_PORT - FIRST_PORT + 1
    start = secrets.randbelow(span)
    return (FIRST_PORT + (start + step) % span for step in itertools.count())


def is_free(port: int) -> bool:
    """Tell whether one could listen on loopback right now; the answer may be stale at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
