"""Whether this process may open as many files as its calls need, known before any load."""

import math
import resource

from harness.errors import BadInput

# One connection a call, and one more while a call that was closed is opened anew.
_A_CALL = 2
# Python, Locust's sockets, the engine, Toxiproxy's API and the record files.
_BESIDES = 64
# Toxiproxy, which inherits the limit, has two connections and a listener a call.
_WANTED = 65_536


def ensure_open_files(callers: int) -> None:
    """Raise the limit of open files as far as the system allows, and check that it is enough.

    Args:
        callers: Calls that this process holds at once.

    Raises:
        BadInput: The system allows fewer than the calls need.
    """
    need = _BESIDES + _A_CALL * callers
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    wanted = max(soft, need, _WANTED)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
        except (OSError, ValueError):
            pass
    if soft < need:
        raise BadInput(
            f"{callers} callers need some {need} open files, and this machine allows {soft}",
            where="--users",
            hint=f"Raise the limit (ulimit -n {need}), or start fewer callers",
        )


def callers_of_one(users: int, processes: int) -> int:
    """Return how many calls one of several processes holds at most."""
    return math.ceil(users / max(1, processes))
