"""What is asked for over plain HTTP: an ephemeral key, a carrier's webhook, a vendor's call.

`POST /v1/realtime/client_secrets` mints a key that opens sessions until it expires.
`POST /twilio/voice` tells of an incoming call, and is answered with where its stream goes.
`POST /call` creates a call of Vapi's, and is answered with the address of its socket; `GET` and
`DELETE` of `/call/NAME` tell of one, and end it.
"""

import copy
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import quoteattr

import msgspec

from harness.clock import now_ns, wall_time
from harness.model import NS_PER_S
from harness.simulator.protocol import configuration
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.refusals import Refused
from harness.simulator.vendors.vapi_call import CREATES, VapiCalls

WEBHOOKS = {f"/{name}/voice": f"/{name}" for name in ("twilio", "signalwire", "twilio-relay")}
"""Paths of the webhooks, and of the socket that each answers with."""

_PATHS = ("/v1/realtime/client_secrets", "/openai/v1/realtime/client_secrets")
_LEAST_S, _USUAL_S, _MOST_S = 10, 600, 7200
_MOST_SECRETS = 10_000
_MODEL = "gpt-realtime-2.1"


@dataclass(frozen=True, slots=True)
class Request:
    """A plain request, whole.

    Attributes:
        method: Such as `POST`.
        path: Path without its query.
        key: Key that was presented, `None` for none.
        body: What came with it.
        host: The host that it was asked of, as it says.
    """

    method: str
    path: str
    key: str | None
    body: bytes
    host: str = ""


class Secrets:
    """The ephemeral keys of a server. Nothing of them is ever written anywhere."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[int, Json]] = {}

    def admits(self, key: str) -> bool:
        """Tell whether a key is one of these and has not expired."""
        return key in self._made and now_ns() < self._made[key][0]

    def session(self, key: str | None) -> Json | None:
        """Return the session that was configured with a key, `None` for any other key."""
        if key is None or not self.admits(key):
            return None
        return copy.deepcopy(self._made[key][1])

    def mint(self, lifetime_s: int, session: Json) -> str:
        """Make one more; the oldest is forgotten when there are too many."""
        while len(self._made) >= _MOST_SECRETS:
            del self._made[next(iter(self._made))]
        key = f"ek_{secrets.token_hex(16)}"
        self._made[key] = now_ns() + lifetime_s * NS_PER_S, session
        return key


def answer(
    request: Request, minted: Secrets, calls: VapiCalls, api_key: str | None, *, secure: bool
) -> bytes:
    """Return the whole HTTP answer to a request.

    Args:
        request: What is asked.
        minted: Where new keys are kept.
        calls: Where new calls are kept.
        api_key: Key to be presented, `None` to accept everyone.
        secure: The server speaks TLS.
    """
    path, here = request.path.rstrip("/"), f"{'wss' if secure else 'ws'}://{request.host}"
    if (socket := WEBHOOKS.get(path)) is not None:
        return _stream(request, f"{here}{socket}")
    named = path.removeprefix(f"{CREATES}/") if path.startswith(f"{CREATES}/") else ""
    if (request.method != "POST" or path not in (*_PATHS, CREATES)) and not named:
        return nothing_here()
    if api_key is not None and not _same(request.key, api_key):
        refusal = _error("invalid_api_key", "Incorrect API key provided")
        return _response("401 Unauthorized", {"error": refusal})
    if named:
        book = calls.book(named)
        kept = None if book is None else book.told()
        found = calls.delete(named) if request.method == "DELETE" else kept
        missing = {"message": "No such call", "error": "Not Found", "statusCode": 404}
        return _response("200 OK", found) if found else _response("404 Not Found", missing)
    if path == CREATES:
        call = calls.create(request.body, here)
        refusal = _error("bad_request", "An agent and the transport vapi.websocket are needed")
        return _response("201 Created", call) if call else _response("400 Bad Request", refusal)
    try:
        return _response("200 OK", _mint(request.body, minted))
    except Refused as refused:
        refusal = _error(refused.code, refused.message, refused.param)
        return _response("400 Bad Request", {"error": refusal})


def nothing_here() -> bytes:
    """Return the answer to a request for what is not there."""
    return _response("404 Not Found", {"error": _error("not_found", "Nothing here")})


def _stream(request: Request, address: str) -> bytes:
    """Return the TwiML that connects a call to its stream."""
    noun = "ConversationRelay" if address.endswith("-relay") else "Stream"
    called = parse_qs(request.body.decode("latin-1")).get("CallSid", [""])[0]
    twiml = (
        f"<Response><Connect><{noun} url={quoteattr(address)}>"
        f'<Parameter name="call" value={quoteattr(called)}/></{noun}></Connect></Response>'
    )
    return _http("200 OK", "text/xml", twiml.encode())


def _mint(body: bytes, minted: Secrets) -> dict[str, Any]:
    try:
        asked = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Refused("invalid_json", "The body is not valid JSON.") from None
    if not isinstance(asked, dict):
        raise Refused("invalid_value", "The body must be an object.")
    lifetime_s = _lifetime_s(asked.get("expires_after"))
    change = asked.get("session", {"type": "realtime"})
    model = change.get("model", _MODEL) if isinstance(change, dict) else _MODEL
    session_id = f"sess_{secrets.token_hex(11)[:21]}"
    if isinstance(change, dict) and change.get("type") == "transcription":
        session = configuration.transcription_session(session_id=session_id, expires_at=0)
    else:
        session = configuration.default_session(
            session_id=session_id, model=str(model)[:100], expires_at=0
        )
    session = configuration.updated(session, change, voice_is_set=False)
    expires_at = int(wall_time().timestamp()) + lifetime_s
    return {"value": minted.mint(lifetime_s, session), "expires_at": expires_at, "session": session}


def _lifetime_s(expires_after: Any) -> int:
    if expires_after is None:
        return _USUAL_S
    seconds = expires_after.get("seconds", _USUAL_S) if isinstance(expires_after, dict) else None
    if not isinstance(seconds, int) or not _LEAST_S <= seconds <= _MOST_S:
        raise Refused(
            "invalid_value",
            f"Invalid value: expected an integer from {_LEAST_S} to {_MOST_S}.",
            "expires_after.seconds",
        )
    return seconds


def _same(presented: str | None, key: str) -> bool:
    return presented is not None and secrets.compare_digest(presented.encode(), key.encode())


def _error(code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    return {"type": "invalid_request_error", "code": code, "message": message, "param": param}


def _response(status: str, body: dict[str, Any]) -> bytes:
    return _http(status, "application/json", msgspec.json.encode(body))


def _http(status: str, kind: str, content: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content
