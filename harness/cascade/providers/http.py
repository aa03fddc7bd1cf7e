"""HTTP to one provider; what goes wrong is told with the party that is to blame."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from harness.cascade.providers.base import Json, ProviderFailed
from harness.errors import BadInput, sanitised, server_words

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

_MOST_ANSWER_BYTES = 4 * 2**20
_MOST_REFUSAL_BYTES = 16 * 1024
_PACKAGE = "httpx2"
# Longer than callers usually think between turns: else each turn would pay for a connection anew.
_KEPT_OPEN_S = 30.0


class Http:
    """Connections to one provider, shared by all sessions and kept open between requests.

    Args:
        party: `STT`, `LLM` or `TTS`.
        url: What all paths begin with.
        headers: Sent with every request; the key is in one of them.
    """

    def __init__(self, party: str, url: str, headers: dict[str, str]) -> None:
        self._party, self._url = party, url.rstrip("/")
        self._client = _client(headers)

    async def post(self, path: str, **request: Any) -> Json:
        """Send a request and return the object that it is answered with.

        Args:
            path: Appended to the URL.
            request: What the HTTP client takes, such as `json`, `content`, `data` or `params`.

        Raises:
            ProviderFailed: It was refused, or answered with no object.
        """
        body = b""
        async with self.stream(path, **request) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > _MOST_ANSWER_BYTES:
                    raise ProviderFailed(self._party, "sent a longer answer than is read")
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError):
            raise ProviderFailed(self._party, "did not answer with a JSON object") from None

    @asynccontextmanager
    async def stream(self, path: str, **request: Any) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Send a request, and give what it is answered with as it comes.

        Raises:
            ProviderFailed: It was refused, or the connection was lost.
        """
        import httpx2

        try:
            async with self._client.stream("POST", self._url + path, **request) as response:
                if response.status_code >= 400:
                    words = await _refusal(response)
                    raise ProviderFailed(self._party, f"answered {response.status_code}{words}")
                yield response.aiter_bytes()
        except httpx2.HTTPError as error:
            kind = type(error).__name__
            words = sanitised(f"{kind}: {error}" if str(error) else kind)
            raise ProviderFailed(self._party, f"could not be talked to: {words}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _client(headers: dict[str, str]) -> "AsyncClient":
    try:
        import httpx2
    except ImportError:
        raise BadInput(
            "is needed for providers over HTTP and is not installed",
            where=_PACKAGE,
            hint="Install harness[cascade]",
        ) from None
    # Each stage has its limit; a pool that made sessions wait for each other would be our latency.
    return httpx2.AsyncClient(
        headers=headers,
        timeout=None,
        trust_env=False,
        limits=httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=_KEPT_OPEN_S,
        ),
    )


async def _refusal(response: "Response") -> str:
    """Return the words of a refusal, bounded and without anything like a key."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MOST_REFUSAL_BYTES:
            break
    words = refusal_words(body[:_MOST_REFUSAL_BYTES])
    return f": {words}" if words else ""


def refusal_words(body: bytes) -> str:
    """Return what the body of a refusal says, however the provider writes it."""
    try:
        named: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return server_words(body.decode("utf-8", "replace"))
    for _ in range(3):
        if not isinstance(named, dict):
            break
        known = [n for n in ("error", "message", "err_msg", "detail", "title") if named.get(n)]
        named = named[known[0]] if known else body.decode("utf-8", "replace")
    return server_words(named)
