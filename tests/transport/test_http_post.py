"""Requests posted to a server of this machine that answers whatever it likes."""

import asyncio
from contextlib import suppress

import pytest

from harness.errors import Fault
from harness.transport import parse_target, post


async def _post(answer: bytes, *, stays: bool = False) -> tuple[bytes | Fault, bytes]:
    """Post to a server that reads the request, sends `answer` and closes unless it `stays`."""
    read, over = b"", asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal read
        read = await reader.readuntil(b"\r\n\r\n")
        read += await reader.readexactly(len(b"Caller=%2B1+5&Empty="))
        writer.write(answer)
        if stays:
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        uri = parse_target(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=c", "/")
        form, kind = b"Caller=%2B1+5&Empty=", "application/x-www-form-urlencoded"
        found = await post(uri, form, kind, [("X-Sign", "s")], limit_s=0.2 if stays else 30)
        await asyncio.wait_for(over.wait(), 30)
        return found, read


def _outcome(answer: bytes, *, stays: bool = False) -> str:
    found, _ = asyncio.run(_post(answer, stays=stays))
    return f"{found.code}: {found.detail}" if isinstance(found, Fault) else found.decode()


def test_content_goes_out_as_it_is_with_its_kind() -> None:
    found, read = asyncio.run(_post(b"HTTP/1.1 200 OK\r\n\r\nto the end"))
    assert found == b"to the end"
    head, _, body = read.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Sign: s" in head
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in head
    assert b"\r\nContent-Length: 20\r\n" in head
    assert body == b"Caller=%2B1+5&Empty="


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd", "ab"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "ab"),
        (b"HTTP/1.0 404 Not Found\r\n\r\nno app", "http_404: 404 Not Found: no app"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://x/y?token=1\r\nContent-Length: 0\r\n\r\n",
            "http_302: 302 Found: it leads to https://x/y",
        ),
        (b"SSH-2.0-x\r\n\r\n", "no_http: the answer is no HTTP: SSH-2.0-x"),
        (b"", "no_http: the answer is no HTTP: nothing"),
    ],
)
def test_an_answer_is_its_content_or_a_fault(answer: bytes, outcome: str) -> None:
    assert _outcome(answer) == outcome


def test_a_server_that_stays_silent_is_not_waited_for() -> None:
    assert _outcome(b"HTTP/1.1 200 OK\r\n", stays=True).startswith("connect_timeout: no answer")


def test_of_an_endless_answer_the_beginning_is_read() -> None:
    found, _ = asyncio.run(_post(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2**20))
    assert isinstance(found, bytes)
    assert len(found) == 65_536
    assert _outcome(b"x" * 2**20).startswith("no_http")
