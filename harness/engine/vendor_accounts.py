"""What a vendor tells of calls over REST: asked for when no call is open any more, within a limit.

A call has its own address below the one where calls are created, and the same key opens it. What
cannot be had is told in the account, and spoils nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote

from harness.clock import now_ns
from harness.dialects import MalformedMessage
from harness.engine.route import Route
from harness.errors import Fault, sanitised
from harness.model import NS_PER_S, VendorAccount
from harness.transport import ask

LIMIT_S = 10.0
"""How long all accounts of a process may take: the last calls are priced seconds after they end."""

_REQUEST_LIMIT_S = 5.0
_AGAIN_AFTER_S = 1.0
_AT_ONCE = 4
# The messages of a long call are in it, more than once.
_MOST_BYTES = 8 << 20
_UNASKED = "there was no time to ask"


async def collect(
    route: Route,
    calls: Iterable[tuple[str, str]],
    *,
    hurried: Callable[[], bool],
    limit_s: float = LIMIT_S,
) -> list[VendorAccount]:
    """Return one account for each call, in their order, whatever happens.

    Args:
        route: Where calls are created.
        calls: Our name for the session, and the vendor's for the call.
        hurried: Tells whether to leave out what has not been asked for.
        limit_s: How long it may take in all.
    """
    named = list(calls)
    found = [VendorAccount(session_id=session, why=_UNASKED) for session, _ in named]
    until_ns = now_ns() + round(limit_s * NS_PER_S)
    waiting = iter(range(len(named)))

    def in_time() -> bool:
        return now_ns() < until_ns and not hurried()

    async def work(places: Iterator[int]) -> None:
        for place in places:
            session, call = named[place]
            while in_time():
                found[place] = replace(await _account(route, call), session_id=session)
                if not found[place].why:
                    break
                await asyncio.sleep(_AGAIN_AFTER_S)

    await asyncio.gather(*(work(waiting) for _ in range(_AT_ONCE)))
    return found


async def take_back(route: Route, call: str) -> str:
    """End a call that is not to be held, such as one that waits; return in words how that went."""
    if not call:
        return "it cannot be taken back: it has no name"
    answer = await _of_call("DELETE", route, call)
    if isinstance(answer, Fault):
        return f"it could not be taken back: {answer.detail or answer.code}"
    return "it was taken back"


async def _account(route: Route, call: str) -> VendorAccount:
    read = route.dialect.facts.reads_account
    assert read is not None
    answer = await _of_call("GET", route, call)
    if isinstance(answer, Fault):
        return VendorAccount(session_id="", why=sanitised(answer.detail or answer.code))
    try:
        return read(answer)
    except MalformedMessage as error:
        return VendorAccount(session_id="", why=str(error))


async def _of_call(method: str, route: Route, call: str) -> bytes | Fault:
    """Make a request about one call, where calls are created."""
    webhook = route.webhook
    assert webhook is not None
    place = f"{webhook.target.path.rstrip('/')}/{quote(call, safe='')}"
    return await ask(
        method,
        replace(webhook.target, path=place, query=""),
        route.headers,
        limit_s=min(_REQUEST_LIMIT_S, route.setup_limit_s),
        most_bytes=_MOST_BYTES,
        via=webhook.via,
        proxy_authorization=webhook.proxy_authorization,
        tls=route.tls,
    )
