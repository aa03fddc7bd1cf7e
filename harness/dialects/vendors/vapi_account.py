"""What Vapi tells of a call at `GET /call/{id}`: its cost, and the latencies of its turns.

Source: the types of Vapi's SDK 3.0 (A). That latencies are in milliseconds is said there of those
of the transport only. That a call that has just ended still costs 0 is a third party's finding (C).
"""

import math
from typing import Any

import msgspec

from harness.dialects.base import MalformedMessage
from harness.errors import sanitised
from harness.model import VendorAccount

_ENDED = "ended"
_PARTS = ("transport", "stt", "llm", "tts", "vapi", "chat")
_STAGES = {
    "fromTransportLatency": "from transport",
    "endpointingLatency": "endpointing",
    "transcriberLatency": "transcriber",
    "modelLatency": "model",
    "voiceLatency": "voice",
    "toTransportLatency": "to transport",
    "turnLatency": "turn",
}
_MOST_TURNS = 2_000


class _Metrics(msgspec.Struct):
    turnLatencies: list[dict[str, Any]] | None = None  # noqa: N815


class _Artifact(msgspec.Struct):
    performanceMetrics: _Metrics | None = None  # noqa: N815


class _Call(msgspec.Struct):
    status: str | None = None
    cost: float | None = None
    costBreakdown: dict[str, Any] | None = None  # noqa: N815
    artifact: _Artifact | None = None


_decode = msgspec.json.Decoder(_Call).decode


def read_account(document: bytes) -> VendorAccount:
    """Return what Vapi tells of a call; `why` is empty where it is settled.

    Raises:
        MalformedMessage: It is no call.
    """
    try:
        call = _decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage("the answer is no call") from error
    breakdown = call.costBreakdown or {}
    cost = _known(breakdown.get("total"))
    cost = _known(call.cost) if cost is None else cost
    metrics = None if call.artifact is None else call.artifact.performanceMetrics
    told = (metrics.turnLatencies or []) if metrics is not None else []
    status = sanitised(call.status or "")
    why = ""
    if status != _ENDED:
        why = f"the call stands as {status}" if status else "its state was not told"
    elif not cost:
        why = "its cost was not told yet"
    if why:
        # A cost of 0, or of a call that goes on, is no cost.
        cost, breakdown = None, {}
    return VendorAccount(
        session_id="",
        status=status,
        cost=cost,
        parts=_numbers(breakdown, {name: name for name in _PARTS}),
        turns_ms=tuple(_numbers(turn, _STAGES) for turn in told[:_MOST_TURNS]),
        why=why,
    )


def _numbers(told: dict[str, Any], names: dict[str, str]) -> dict[str, float]:
    """Return what is known of some fields, under our names."""
    known = {ours: _known(told.get(theirs)) for theirs, ours in names.items()}
    return {name: value for name, value in known.items() if value is not None}


def _known(value: Any) -> float | None:
    """Return an amount or a latency, `None` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
