"""An echo in a process of its own, so that what it costs is not counted as a caller's.

`python -m harness.bench.echo_server` prints its port and ends with its standard input.
"""

import asyncio
import sys
from typing import cast

_HOST = "127.0.0.1"


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def serve() -> None:
    """Echo until standard input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Echo, _HOST, 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
