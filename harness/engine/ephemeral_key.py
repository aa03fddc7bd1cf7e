"""A session that is opened with a key of its own, as a browser's backend makes one for it.

The backend asks for the ephemeral key with the real one; the client that holds the session only
ever sees the former. What asking takes is a part of opening the session.
"""

from dataclasses import replace

from harness.dialects import MalformedMessage
from harness.engine.route import Minting, Route, address_of
from harness.errors import Fault, Party, Phase, conceal_token
from harness.transport import JSON, post

NOT_MINTED = "not_minted"
"""Code of the fault of an answer without an ephemeral key."""

MINT_FULL = "mint_429"
"""Code of the fault of a server that mints no more for now. Other refusals have theirs likewise."""


async def mint(route: Route, minting: Minting) -> Route | Fault:
    """Return the route of one session, with an ephemeral key of its own.

    Args:
        route: Leads to the API without a key.
        minting: Where such keys are made.
    """
    dialect = route.dialect
    answer = await post(
        minting.target,
        dialect.minting(minting.model),
        JSON,
        minting.headers,
        limit_s=route.setup_limit_s,
        via=minting.via,
        proxy_authorization=minting.proxy_authorization,
        tls=route.tls,
    )
    if isinstance(answer, Fault):
        code = answer.code.replace("http_", "mint_", 1)
        return replace(answer, code=code, detail=f"no ephemeral key was made: {answer.detail}")
    try:
        key = dialect.minted(answer)
    except MalformedMessage as error:
        return Fault(Party.THEIRS, Phase.SETUP, NOT_MINTED, f"no ephemeral key was made: {error}")
    conceal_token(key)
    headers = dialect.headers(key, address_of(route.target))
    return replace(route, headers=(*route.headers, *headers))
