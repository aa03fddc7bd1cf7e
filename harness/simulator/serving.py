"""A server as a process: it says where it listens, and ends when it is told to."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from harness.simulator.wire.websocket_server import WebSocketServer


def run_server(
    make: Callable[[], WebSocketServer],
    *,
    announce: Callable[[str], None],
    end_with_stdin: bool,
) -> None:
    """Run a server until SIGINT or SIGTERM.

    Args:
        make: Makes it, on the event loop that it will run on.
        announce: Called once with the address when it is ready.
        end_with_stdin: End as well when standard input ends, so that a server whose parent was
            killed does not stay behind.

    Raises:
        BadInput: It cannot be started as configured.
    """
    _run(_serve(make, announce, end_with_stdin))


async def _serve(
    make: Callable[[], WebSocketServer], announce: Callable[[str], None], end_with_stdin: bool
) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    server = make()
    port = await server.start()
    _collect_seldom()
    try:
        if end_with_stdin:
            # A thread, because standard input may be a file, which no event loop can watch.
            threading.Thread(target=_watch_stdin, args=(loop, ending), daemon=True).start()
        announce(server.address(port))
        await ending.wait()
    finally:
        await server.stop()


def _collect_seldom() -> None:
    """Keep garbage collections short: only what is new is looked at.

    Without the objects that exist at the start, a full collection of 500 sessions takes some
    milliseconds instead of some sixty.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


def _watch_stdin(loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    # Past Python's buffer, whose lock a waiting thread would hold when the process ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop may have ended first
        loop.call_soon_threadsafe(ending.set)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where there is one, else on the loop of the standard library."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
