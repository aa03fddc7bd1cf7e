"""A call that the other side is told of over HTTP first, and the socket that it names.

An application behind a carrier answers the webhook of each call with the address of the socket for
that call; some vendors create a call on request and answer likewise. What that takes is a part of
opening the session.
"""

import re
import secrets
from dataclasses import replace

from harness.dialects import CallQueued, DialectSession, MalformedMessage
from harness.engine.route import Route, Webhook, address_of, proxy_to
from harness.engine.vendor_accounts import take_back
from harness.environment import LOOPBACK
from harness.errors import BadInput, Fault, Party, Phase, conceal_token
from harness.transport import Target, parse_target, post

NO_STREAM = "no_stream"
"""Code of the fault of a webhook whose answer leads to no socket."""
QUEUED = "queued"
"""Code of the fault of a call that the vendor holds back, and that is therefore not measured."""


async def follow(route: Route, webhook: Webhook, words: DialectSession) -> Route | Fault:
    """Announce a call, and return the route to the socket that the application names for it.

    Args:
        route: Leads to the application.
        webhook: Where it is told.
        words: The session of this call.
    """
    call = words.incoming(webhook.key, address_of(webhook.target, "http"), route.settings)
    answer = await post(
        webhook.target,
        call.content,
        call.kind,
        (*call.headers, *route.headers),
        limit_s=route.setup_limit_s,
        via=webhook.via,
        proxy_authorization=webhook.proxy_authorization,
        tls=route.tls,
    )
    if isinstance(answer, Fault):
        return answer
    try:
        target = parse_target(words.answered(answer), "/")
    except CallQueued as error:
        # Left alone, it would begin later, without a caller, and cost.
        then = await take_back(route, words.call_name)
        return Fault(Party.THEIRS, Phase.SETUP, QUEUED, f"{error}; {then}")
    except MalformedMessage as error:
        return _no_stream(str(error))
    except BadInput:
        return _no_stream("the answer's url is no address of a WebSocket")
    near = target.host in LOOPBACK
    if not (target.secure or near):
        return _no_stream("the answer's url is not wss, and carriers dial nothing else")
    return _to(target, route, webhook, key=webhook.key)


async def behind_network(route: Route) -> Route | Fault:
    """Return the route with the server of its socket known, so that a network can be put before it.

    Announces one call, which is not held; where calls are created, which costs, none: their sockets
    are then taken to be on the server that creates them.
    """
    assert route.webhook is not None
    if route.dialect.facts.creates_calls:
        upstream = route.target.host, route.target.port
        return replace(route, webhook=replace(route.webhook, upstream=upstream))
    found = await follow(route, route.webhook, route.dialect.open(secrets.token_hex(16)))
    if isinstance(found, Fault):
        return found
    upstream = found.target.host, found.target.port
    webhook = replace(route.webhook, upstream=upstream)
    return replace(found, headers=route.headers, webhook=webhook)


def _to(target: Target, route: Route, webhook: Webhook, *, key: str | None) -> Route | Fault:
    """Return the route to a socket, of which the headers of the route's calls are a part."""
    headers = (*route.headers, *route.dialect.headers(key, address_of(target)))
    if route.dialect.facts.creates_calls:
        # The key has created the call, and who has the address needs none.
        headers = ()
        conceal_token(max(re.split("[/?&=]", target.resource_name), key=len))
    if webhook.upstream is None:
        via, authorization = proxy_to(target)
        tunnel = via is not None
        return replace(
            route,
            target=target,
            headers=headers,
            via=via,
            tunnel=tunnel,
            proxy_authorization=authorization,
        )
    if (target.host, target.port) != webhook.upstream:
        words = f"this call's socket is at {target.host}:{target.port}, not behind the network"
        return Fault(Party.THEIRS, Phase.CONNECT, "stream_moved", words)
    return replace(route, target=target, headers=headers)


def _no_stream(words: str) -> Fault:
    return Fault(Party.THEIRS, Phase.SETUP, NO_STREAM, words)
