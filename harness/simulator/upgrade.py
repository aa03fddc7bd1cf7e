"""Who is let in, judged from the request that asks for the upgrade.

The service checks key and model only after it has accepted the upgrade: the client gets a 101, an
`error` event and a close. A wrong path, and on request a wrong key, is refused with plain HTTP.
"""

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers

PATHS = ("/v1/realtime", "/openai/v1/realtime")
SUBPROTOCOL = "realtime"
_KEY_SUBPROTOCOL = "openai-insecure-api-key."


@dataclass(frozen=True, slots=True)
class Admitted:
    """The client is let in."""

    model: str


@dataclass(frozen=True, slots=True)
class RefusedByHttp:
    """No upgrade: a plain HTTP answer."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class RefusedByClose:
    """The upgrade is accepted, then an `error` event and a close follow at once."""

    code: str | None
    message: str
    close_code: int

    @property
    def reason(self) -> str:
        """The close frame's reason."""
        kind = "invalid_request_error"
        return f"{kind}.{self.code}" if self.code else kind


Verdict = Admitted | RefusedByHttp | RefusedByClose


def examine(
    target: str, headers: Headers, *, api_key: str | None, refuse_at_upgrade: bool
) -> Verdict:
    """Judge a request.

    Args:
        target: Path and query as requested.
        headers: The request's headers.
        api_key: Key to be presented, `None` to accept everyone.
        refuse_at_upgrade: Answer a bad key with HTTP 401.
    """
    parts = urlsplit(target)
    if parts.path.rstrip("/") not in PATHS:
        return RefusedByHttp(404, f"Nothing here; sessions are at {PATHS[0]}?model=NAME\n")
    if api_key is not None:
        presented = _presented_key(headers)
        if presented is None:
            return _unauthorised(None, "Missing bearer authentication in header", refuse_at_upgrade)
        if not hmac.compare_digest(presented.encode(), api_key.encode()):
            return _unauthorised("invalid_api_key", "Incorrect API key provided", refuse_at_upgrade)
    if any("realtime=v1" in value for value in headers.get_all("OpenAI-Beta")):
        return RefusedByClose(
            "beta_api_shape_disabled", "The Realtime Beta API is no longer supported", 4000
        )
    model = parse_qs(parts.query).get("model", [""])[0]
    if not model:
        return RefusedByClose("missing_model", "You must provide a model parameter", 4000)
    return Admitted(model[:100])


def _presented_key(headers: Headers) -> str | None:
    """Return the key from the header, or from the subprotocols a browser uses instead."""
    for value in headers.get_all("Authorization"):
        scheme, _, key = value.partition(" ")
        if scheme.lower() == "bearer":
            return key.strip()
    for value in headers.get_all("api-key"):
        return value
    for offer in headers.get_all("Sec-WebSocket-Protocol"):
        for name in offer.split(","):
            if name.strip().startswith(_KEY_SUBPROTOCOL):
                return name.strip().removeprefix(_KEY_SUBPROTOCOL)
    return None


def _unauthorised(code: str | None, message: str, refuse_at_upgrade: bool) -> Verdict:
    if refuse_at_upgrade:
        return RefusedByHttp(401, f"{message}\n")
    return RefusedByClose(code, message, 3000)
