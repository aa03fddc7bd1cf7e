"""Ports to listen on, outside the kernel's ephemeral range.

A port from the kernel's ephemeral range may be taken by any outgoing connection of the same run
between choosing and listening. Ours start at a random place, so that runs side by side seldom
collide, and the next port is tried when they do.
"""

import itertools
import secrets
import socket
from collections.abc import Iterator

from harness.errors import BadInput, sanitised

FIRST_PORT, LAST_PORT = 20_000, 29_999
PORTS = range(FIRST_PORT, LAST_PORT + 1)

_LEAST_PORT = 1024
_HINT = "Write it as 20000-29999"


def candidate_ports(ports: range = PORTS) -> Iterator[int]:
    """Yield ports of a range for ever, from a random one upwards and round again."""
    start = secrets.randbelow(len(ports))
    return (ports[(start + step) % len(ports)] for step in itertools.count())


def parse_ports(text: str) -> range:
    """Return the range of ports that `text` names, such as `20000-29999`; empty for the usual one.

    Raises:
        BadInput: It is no ascending range of ports that anybody may listen on.
    """
    if not text:
        return PORTS
    low, dash, high = text.partition("-")
    if not dash or not low.strip().isdecimal() or not high.strip().isdecimal():
        raise BadInput(
            "is not a range of ports", where=sanitised(f"--toxiproxy-ports {text}"), hint=_HINT
        )
    first, last = int(low), int(high)
    if not _LEAST_PORT <= first <= last <= 65_535:
        raise BadInput(
            f"a range of ports runs from {_LEAST_PORT} upwards to 65535 at most",
            where=sanitised(f"--toxiproxy-ports {text}"),
            hint=_HINT,
        )
    return range(first, last + 1)


def is_free(port: int) -> bool:
    """Return whether the port is free on loopback now; the answer may be stale at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
