"""Says when this machine did not let a waiting program run: `python -m harness.bench.watcher`.

Where there is a C compiler the process becomes the native program of the same behaviour
(`native/watcher.c`). This one is delayed by its own interpreter too, though seldom and briefly.
"""

import argparse
import os
import select
import sys
import time
from contextlib import suppress

from harness.bench.native_program import native_program
from harness.clock import now_ns
from harness.model import NS_PER_S, NS_PER_US

_LOOK_AT_INPUT_EVERY = 64
_BEFORE_AUDIO = 10


def watch(period_us: int, least_us: int) -> None:
    """Print every delay of more than `least_us` until standard input ends."""
    period_ns, least_ns = period_us * NS_PER_US, least_us * NS_PER_US
    _go_first()
    due_ns, wake_ups = now_ns() + period_ns, 0
    while True:
        time.sleep(max(0, due_ns - now_ns()) / NS_PER_S)
        at_ns = now_ns()
        late_ns = at_ns - due_ns
        if late_ns > least_ns:
            print(due_ns, late_ns, flush=True)
        due_ns = (at_ns if late_ns > period_ns else due_ns) + period_ns
        wake_ups += 1
        if wake_ups % _LOOK_AT_INPUT_EVERY == 0 and _input_ended():
            return


def _go_first() -> None:
    """Take priority over every other program, a run's audio thread included, where allowed."""
    if hasattr(os, "sched_setscheduler"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_BEFORE_AUDIO))


def _input_ended() -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(ready) and not sys.stdin.readline()


def main() -> None:
    """Watch as asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("period_us", type=int)
    parser.add_argument("least_us", type=int)
    parser.add_argument("--python", action="store_true", help="never the native program")
    asked = parser.parse_args()
    program = "" if asked.python else native_program("watcher")
    if isinstance(program, str):
        watch(asked.period_us, asked.least_us)
    else:
        words = [str(program), str(asked.period_us), str(asked.least_us)]
        os.execv(words[0], words)  # noqa: S606


if __name__ == "__main__":
    main()
