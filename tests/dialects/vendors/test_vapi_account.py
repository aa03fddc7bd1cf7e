import json
from typing import Any

import pytest

from harness.dialects import MalformedMessage
from harness.dialects.vendors.vapi_account import read_account
from harness.model import VendorAccount

BREAKDOWN = {
    "transport": 0,
    "stt": 0.01,
    "llm": 0.02,
    "tts": 0.03,
    "vapi": 0.05,
    "total": 0.11,
    "llmPromptTokens": 900,
    "analysisCostBreakdown": {"summary": 0.0},
}
TURN = {
    "modelLatency": 600,
    "voiceLatency": 200.5,
    "transcriberLatency": None,
    "endpointingLatency": 300,
    "turnLatency": 1100.5,
    "odd": "x",
}


def _read(**fields: Any) -> VendorAccount:
    return read_account(json.dumps({"id": "call-1", **fields}).encode())


def test_cost_and_latencies_of_a_call_that_has_ended() -> None:
    metrics = {"turnLatencies": [TURN, {}], "turnLatencyAverage": 1100}
    account = _read(
        status="ended",
        cost=0.11,
        costBreakdown=BREAKDOWN,
        artifact={"performanceMetrics": metrics, "messages": [{"role": "bot"}]},
    )
    assert (account.cost, account.status, account.why) == (0.11, "ended", "")
    assert account.parts == {"transport": 0, "stt": 0.01, "llm": 0.02, "tts": 0.03, "vapi": 0.05}
    assert account.turns_ms == (
        {"endpointing": 300, "model": 600, "voice": 200.5, "turn": 1100.5},
        {},
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "ended", "cost": 0}, "its cost was not told yet"),
        ({"status": "ended"}, "its cost was not told yet"),
        ({"status": "in-progress", "cost": 0.2}, "the call stands as in-progress"),
        ({"status": "queued"}, "the call stands as queued"),
        ({"cost": 0.2}, "its state was not told"),
    ],
)
def test_a_cost_that_is_not_settled_is_unknown_and_never_0(
    fields: dict[str, Any], why: str
) -> None:
    account = _read(**fields, costBreakdown=None, artifact=None)
    assert (account.cost, account.parts, account.why) == (None, {}, why)


def test_values_that_are_none_are_left_out() -> None:
    wrong = {"stt": -1, "llm": True, "tts": "1", "vapi": 0.05}
    account = _read(status="ended", cost=0.05, costBreakdown=wrong)
    assert (account.cost, account.parts) == (0.05, {"vapi": 0.05})


@pytest.mark.parametrize("document", [b"", b"no json", b"[]", b'{"cost":"1"}', b"\xff"])
def test_what_is_no_call_is_malformed(document: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_account(document)
