# mypy: ignore-errors
"""Create, hold, look up and delete a call with Vapi's SDK, and read its socket by the SDK's types.

Usage: vapi_types.py PORT AUDIO, where AUDIO is linear at 16 kHz. The SDK has no client of the
socket: its messages are held against the types that it has of them. What a type does not know is
an error here. The last line of the output is what was found, as JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import pydantic
from vapi import Vapi
from vapi.types import (
    Call,
    ClientMessageSpeechUpdate,
    ClientMessageTranscript,
    ServerMessageStatusUpdate,
    SubscriptionLimits,
)
from websockets.asyncio.client import connect

FRAME_S = 0.02
TYPES = {
    "speech-update": ClientMessageSpeechUpdate,
    "transcript": ClientMessageTranscript,
    "status-update": ServerMessageStatusUpdate,
}
# Documented for the answer to a creation, and not in the SDK's type of a call.
_OF_CREATION = {"subscriptionLimits"}


def strictly(kind: type[pydantic.BaseModel], told: dict, untyped: set[str] = frozenset()) -> list:
    """Return what a type has against a document: wrong or missing values, and unknown names."""
    known = {field.alias or name for name, field in kind.model_fields.items()} | untyped
    odd = [f"{kind.__name__} knows no {name}" for name in told if name not in known]
    try:
        kind.model_validate(told)
    except pydantic.ValidationError as error:
        odd.append(str(error))
    return odd


async def talk(address: str, audio: bytes) -> tuple[list, int, list]:
    kinds, heard, odd, size = [], 0, [], int(16_000 * FRAME_S) * 2

    async with connect(address) as socket:

        async def speak() -> None:
            for at in range(0, len(audio), size):
                await socket.send(audio[at : at + size])
                await asyncio.sleep(FRAME_S)

        speaking = asyncio.create_task(speak())
        async for message in socket:
            if isinstance(message, bytes):
                heard += len(message)
                continue
            told = json.loads(message)
            kinds.append(" ".join(str(told.get(name, "")) for name in ("type", "role", "status")))
            odd += strictly(TYPES[told["type"]], told)
            if kinds[-1] == "speech-update assistant stopped":
                await socket.send('{"type":"end-call"}')
        speaking.cancel()
    return kinds, heard, odd


def main(port: str, audio: bytes) -> dict:
    client = Vapi(token="none", base_url=f"http://127.0.0.1:{port}")
    linear = {"format": "pcm_s16le", "container": "raw", "sampleRate": 16_000}
    wanted = {
        "transport": {"provider": "vapi.websocket", "audio_format": linear},
        "assistant": {"model": {"provider": "openai", "model": "gpt-4o-mini"}},
    }
    created = client.calls.with_raw_response.create(**wanted)
    told = json.loads(created._response.text)
    call, odd = created.data, strictly(Call, told, _OF_CREATION)
    odd += strictly(SubscriptionLimits, told["subscriptionLimits"])
    address = told["transport"]["websocketCallUrl"]
    kinds, heard, more = asyncio.run(asyncio.wait_for(talk(address, audio), 30))
    time.sleep(1.0)
    raw = client.calls.with_raw_response.get(call.id)
    told = json.loads(raw._response.text)
    odd += more + strictly(Call, told)
    found = raw.data
    second = client.calls.create(**wanted)
    deleted = client.calls.delete(second.id)
    return {
        "audio": heard,
        "ended": found.status == "ended" and deleted.ended_reason == "call-deleted",
        "kinds": kinds,
        "cost": found.cost,
        "total": found.cost_breakdown.total,
        "turns": [one.turn_latency for one in found.artifact.performance_metrics.turn_latencies],
        "odd": odd,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]).read_bytes())), flush=True)
