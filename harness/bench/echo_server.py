"""An echo server in a process of its own, so that its cost is not counted as a caller's.

`python -m harness.bench.echo_server` prints its port and ends with its standard input.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.environment import for_child
from harness.network.probe.echo import Echo

_HOST = "127.0.0.1"
_END_LIMIT_S = 10.0


@contextmanager
def echo_server() -> Iterator[int]:
    """Run an echo in a process of its own while the block runs; yield its port."""
    words = [sys.executable, "-m", "harness.bench.echo_server"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=for_child(), text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


async def serve() -> None:
    """Echo until standard input is closed."""
    loop = asyncio.get_running_loop()
    open_ones: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: Echo(open_ones), _HOST, 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
