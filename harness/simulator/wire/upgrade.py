"""Who is let in, decided from the request that asks for the upgrade.

The service checks key and model only after it has accepted the upgrade: the client gets a 101, an
`error` event and a close. A wrong path, and on request a wrong key, is refused with plain HTTP; on
the paths of Azure and Inworld a wrong key always is.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers

from harness.simulator.carrier.relay import RELAYS
from harness.simulator.carrier.words import CARRIERS
from harness.simulator.vendors.connect_agent import CONNECT_PATHS
from harness.simulator.vendors.registry import VENDORS
from harness.simulator.vendors.vapi_call import SOCKET

AZURE_PATH = "/openai/v1/realtime"
VOICE_LIVE_PATH = "/voice-live/realtime"
INWORLD_PATH = "/api/v1/realtime/session"
_GROK = "grok-"
PATHS = ("/v1/realtime", AZURE_PATH)
SIMULATED_PATHS = {
    **{name: f"/{name}" for name in (*CARRIERS, *RELAYS)},
    **{path[1:]: path for path in CONNECT_PATHS},
}
"""Paths of the dialects whose own addresses have none, by the dialect's name."""
_MODEL_OF_APPLICATIONS = "gpt-realtime-2.1"
SUBPROTOCOL = "realtime"
_KEY_SUBPROTOCOL = "openai-insecure-api-key."
# Retired models, and models that never had this API.
_RETIRED = ("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview")
_OTHER = (
    *("gpt-4o", "gpt-4.1", "gpt-5", "gpt-live", "whisper", "tts-"),
    *("gpt-realtime-translate", "gpt-realtime-whisper", "gpt-transcribe"),
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The client is let in.

    Attributes:
        model: Model it asks for, empty when it asks for none.
        transcribes: Whether its speech is only to be transcribed.
        carrier: The carrier that brings a caller, empty for none.
        vendor: Path of another vendor's agent, empty for none.
        words: The service that resembles OpenAI's, empty for OpenAI's own words.
        call: What stands for a call in the path of its socket, empty where none was created.
        minted: The session its ephemeral key was made for, `None` for other keys.
    """

    model: str
    transcribes: bool = False
    carrier: str = ""
    vendor: str = ""
    words: str = ""
    call: str = ""
    minted: dict[str, Any] | None = None


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


UpgradeDecision = Admitted | RefusedByHttp | RefusedByClose


def examine(
    target: str,
    headers: Headers,
    *,
    api_key: str | None,
    refuse_at_upgrade: bool,
    is_ephemeral: Callable[[str], bool],
) -> UpgradeDecision:
    """Decide on a request for a session.

    Args:
        target: Path and query as requested.
        headers: The request's headers.
        api_key: Key to be presented, `None` to accept everyone.
        refuse_at_upgrade: Answer a bad key with HTTP 401.
        is_ephemeral: Tells whether a key is an ephemeral one that is still good.
    """
    # Google's own client doubles the first slash, behind which a host would stand otherwise.
    parts = urlsplit("/" + target.lstrip("/"))
    path, query = parts.path.rstrip("/"), parse_qs(parts.query)
    if path.removesuffix("/translations") in PATHS and path not in PATHS:
        return RefusedByHttp(404, "Translation sessions are not simulated here\n")
    if path in VENDORS:
        return _decide_vendor(path, headers, api_key)
    call = path.removeprefix("/").partition("/")[0]
    if call and path == SOCKET.replace("*", call):
        return Admitted(_MODEL_OF_APPLICATIONS, vendor=SOCKET, call=call)
    if path in SIMULATED_PATHS.values():
        return Admitted(_MODEL_OF_APPLICATIONS, carrier=path.removeprefix("/"))
    if path in (VOICE_LIVE_PATH, INWORLD_PATH):
        return _decide_look_alike(path, query, headers, api_key)
    if path not in PATHS:
        return RefusedByHttp(404, f"Nothing here; sessions are at {PATHS[0]}?model=NAME\n")
    is_azure = path == AZURE_PATH
    refusal = _key_refusal(query, headers, api_key, is_ephemeral)
    if is_azure and "api-version" in query:
        refusal = RefusedByClose(None, "api-version belongs to the preview API", 3000)
    if refusal is not None:
        by_http = is_azure or refuse_at_upgrade
        return RefusedByHttp(401, f"{refusal.message}\n") if by_http else refusal
    if "call_id" in query:
        return RefusedByHttp(404, "No such call\n")
    if any("realtime=v1" in value for value in headers.get_all("OpenAI-Beta")):
        return RefusedByClose(
            "beta_api_shape_disabled", "The Realtime Beta API is no longer supported", 4000
        )
    intent = query.get("intent", ["conversation"])[0]
    if intent == "transcription":
        return Admitted("", transcribes=True)
    return _decide_by_model(query.get("model", [""])[0])


def presented_key(headers: Headers) -> str | None:
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


def _key_refusal(
    query: dict[str, list[str]],
    headers: Headers,
    api_key: str | None,
    is_ephemeral: Callable[[str], bool],
) -> RefusedByClose | None:
    if api_key is None:
        return None
    presented = presented_key(headers) or query.get("api-key", [None])[0]
    if presented is None:
        return RefusedByClose(None, "Missing bearer authentication in header", 3000)
    if hmac.compare_digest(presented.encode(), api_key.encode()) or is_ephemeral(presented):
        return None
    return RefusedByClose("invalid_api_key", "Incorrect API key provided", 3000)


def _decide_vendor(path: str, headers: Headers, api_key: str | None) -> UpgradeDecision:
    """Decide on a request for a vendor's agent; those of Amazon Connect refuse by HTTP."""
    if path in CONNECT_PATHS:
        key = presented_key(headers) or ""
        if api_key is not None and not hmac.compare_digest(key.encode(), api_key.encode()):
            return RefusedByHttp(401, "Incorrect API key provided\n")
        if "A2A-Extensions" not in headers:
            return RefusedByHttp(400, "The header A2A-Extensions is missing\n")
    return Admitted(_MODEL_OF_APPLICATIONS, vendor=path)


def _decide_by_model(model: str) -> UpgradeDecision:
    if not model:
        return RefusedByClose("missing_model", "You must provide a model parameter", 4000)
    if model.startswith(_RETIRED):
        words = "The model does not exist or you do not have access to it"
        return RefusedByClose("model_not_found", words, 4004)
    if model.startswith(_OTHER):
        return RefusedByClose("invalid_model", "The model is not supported in realtime mode", 4000)
    return Admitted(model[:100], words="xai" if model.startswith(_GROK) else "")


def _decide_look_alike(
    path: str, query: dict[str, list[str]], headers: Headers, api_key: str | None
) -> UpgradeDecision:
    """Decide on a request to Voice Live or Inworld, which refuse by HTTP."""
    demanded = ("api-version", "model") if path == VOICE_LIVE_PATH else ("key", "protocol")
    for name in demanded:
        if name not in query:
            return RefusedByHttp(400, f"You must provide the parameter {name}\n")
    if path == INWORLD_PATH:
        scheme, _, shown = headers.get("Authorization", "").partition(" ")
        key = shown if scheme.lower() == "basic" else ""
    else:
        key = presented_key(headers) or query.get("api-key", [""])[0]
    if api_key is not None and not hmac.compare_digest(key.encode(), api_key.encode()):
        return RefusedByHttp(401, "Incorrect API key provided\n")
    if path == INWORLD_PATH:
        return Admitted(_MODEL_OF_APPLICATIONS, words="inworld")
    return Admitted(query["model"][0][:100], words="voice-live")
