"""One request on a connection of its own, such as a form that is posted, and its answer."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from harness.errors import Fault, Party, Phase, sanitised
from harness.transport.http_answer import HttpAnswer, is_refusal
from harness.transport.opening import dig, no_way_to_proxy, reach, unreached
from harness.transport.websocket import Target

READ_BYTES = 65_536
"""As much of an answer is read where nobody asks for more."""

_HEAD_LIMIT_BYTES = 16_384
_HEAD_END = b"\r\n\r\n"
JSON = "application/json"


async def post(
    uri: Target,
    body: bytes,
    kind: str,
    headers: Sequence[tuple[str, str]],
    *,
    limit_s: float,
    via: tuple[str, int] | None = None,
    proxy_authorization: str = "",
    tls: ssl.SSLContext | None = None,
) -> bytes | Fault:
    """Post on the running loop and return the content of the answer, of which 64 KiB are read.

    Args:
        uri: Where to; `secure` stands for `https`.
        body: What is posted.
        kind: Its content type, such as `JSON`.
        headers: Extra headers.
        limit_s: As for `ask`.
        via: Likewise.
        proxy_authorization: Likewise.
        tls: Likewise.

    Returns:
        The content, or the fault of a server that could not be reached or refused.
    """
    return await ask(
        "POST",
        uri,
        (("Content-Type", kind), *headers),
        body=body,
        limit_s=limit_s,
        via=via,
        proxy_authorization=proxy_authorization,
        tls=tls,
    )


async def ask(
    method: str,
    uri: Target,
    headers: Sequence[tuple[str, str]],
    *,
    limit_s: float,
    body: bytes = b"",
    most_bytes: int = READ_BYTES,
    via: tuple[str, int] | None = None,
    proxy_authorization: str = "",
    tls: ssl.SSLContext | None = None,
) -> bytes | Fault:
    """Make a request on the running loop and return the content of the answer.

    Redirections are not followed.

    Args:
        method: Such as `GET`.
        uri: Where to; `secure` stands for `https`.
        headers: Extra headers.
        body: What is sent.
        most_bytes: As much of the answer is read.
        limit_s: How long it may take.
        via: Host and port of an HTTP proxy that is asked for a connection to there.
        proxy_authorization: What the proxy is shown, empty for nothing.
        tls: Context for `https`; by default certificates are verified against the system's.

    Returns:
        The content, or the fault of a server that could not be reached or refused.
    """
    sock: socket.socket | None = None
    at_proxy = via is not None
    try:
        async with asyncio.timeout(limit_s):
            sock = await reach((uri.host, uri.port) if via is None else via)
            if via is not None and (refusal := await dig(sock, uri, proxy_authorization)):
                return refusal
            at_proxy = False
            context = (tls or ssl.create_default_context()) if uri.secure else None
            # The transport owns the socket from here on.
            name = uri.host if uri.secure else None
            reader, writer = await asyncio.open_connection(
                sock=sock, ssl=context, server_hostname=name
            )
            sock = None
            try:
                writer.write(_request(method, uri, body, headers))
                answer = await _answer(reader, most_bytes)
            finally:
                writer.transport.abort()
    except OSError as error:
        fault = unreached(error, limit_s)
        return no_way_to_proxy(via, fault) if at_proxy and via is not None else fault
    finally:
        if sock is not None:
            sock.close()
    if isinstance(answer, Fault) or 200 <= answer.status < 300:
        return answer if isinstance(answer, Fault) else answer.content
    return answer.fault()


def _request(method: str, uri: Target, body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    port = "" if uri.port == (443 if uri.secure else 80) else f":{uri.port}"
    lines = [
        f"{method} {uri.resource_name} HTTP/1.1",
        f"Host: {host}{port}",
        f"Content-Length: {len(body)}",
        # Some services refuse a request that names no client.
        "User-Agent: harness",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode("latin-1") + _HEAD_END + body


async def _answer(reader: asyncio.StreamReader, most_bytes: int) -> HttpAnswer | Fault:
    """Return the answer, as much of it as matters."""
    read, answer = b"", None
    while answer is None or not answer.complete:
        data = await reader.read(READ_BYTES)
        if answer is not None:
            answer.feed(data)
        elif _HEAD_END in (read := read + data):
            head, _, body = read.partition(_HEAD_END)
            if not is_refusal(head):
                break
            answer = HttpAnswer(head, most_bytes)
            answer.feed(body)
        elif len(read) > _HEAD_LIMIT_BYTES:
            break
        if not data:
            break
    if answer is not None:
        return answer
    words = sanitised(read[:80].decode("latin-1")) or "nothing"
    return Fault(Party.THEIRS, Phase.CONNECT, "no_http", f"the answer is no HTTP: {words}")
