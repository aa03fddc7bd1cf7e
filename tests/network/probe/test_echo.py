import asyncio

from harness.network.probe.echo import Echo


def test_what_is_sent_comes_back_and_open_connections_are_known() -> None:
    async def talk() -> tuple[bytes, int, int]:
        open_ones: set[asyncio.Transport] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Echo(open_ones), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"one two")
        came, during = await reader.readexactly(7), len(open_ones)
        writer.close()
        while open_ones:  # noqa: ASYNC110
            await asyncio.sleep(0)
        server.close()
        return came, during, len(open_ones)

    assert asyncio.run(talk()) == (b"one two", 1, 0)
