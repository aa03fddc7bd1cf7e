"""A stock WebSocket client that talks to a simulator on a real socket."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect

from harness.corpus import speech_like
from harness.simulator import Preset, Simulator, SimulatorConfig

if TYPE_CHECKING:
    from openai.types.realtime import RealtimeServerEvent

Json = dict[str, Any]
Audio = NDArray[np.int16]

RATE_HZ = 24_000
QUICK = Preset(name="quick", shift_ms=0, median_ms=30, sigma=0.2, lead_median_ms=40, lead_sigma=0.7)


@cache
def server_event() -> "TypeAdapter[RealtimeServerEvent]":
    """The official types; loading them takes a second, which not every worker has to wait."""
    from openai.types.realtime import RealtimeServerEvent

    return TypeAdapter(RealtimeServerEvent)


# Captured on the wire, but not in the types: the latter three in sessions.
_UNTYPED = frozenset(("obfuscation", "id", "object", "expires_at"))


# What some stock client's own parser refuses to miss, absent or null, beyond the official types.
# A part of a path that ends in `*` is a list, and all of its members are meant.
_DEMANDED = {
    "conversation.item.input_audio_transcription.delta": ("content_index", "delta"),
    "conversation.item.input_audio_transcription.failed": (
        "error.code",
        "error.message",
        "error.param",
        "error.type",
    ),
    "response.output_audio.delta": ("output_index", "content_index", "response_id", "item_id"),
    "response.content_part.added": ("part.type",),
    "response.content_part.done": ("part.type",),
    "response.created": ("response.output*.type", "response.output*.id"),
    "response.done": (
        "response.output*.type",
        "response.output*.id",
        "response.usage.input_tokens",
        "response.usage.output_tokens",
    ),
    "rate_limits.updated": (
        "rate_limits*.name",
        "rate_limits*.limit",
        "rate_limits*.remaining",
        "rate_limits*.reset_seconds",
    ),
    "error": ("error.type", "error.message"),
    "session.created": ("session.type", "session.audio.input.format.type"),
    "session.updated": ("session.type", "session.audio.input.format.type"),
}
_OF_ITEMS = ("item.id", "item.type", "item.status", "item.content*.type")
_OF_USAGE = (
    "usage.total_tokens",
    "usage.input_tokens",
    "usage.output_tokens",
    "usage.input_token_details.text_tokens",
    "usage.input_token_details.audio_tokens",
)


def _check_demands(event: Json) -> None:
    demanded = _DEMANDED.get(event["type"], ())
    if "item" in event:
        demanded += _OF_ITEMS if "content" in event["item"] else _OF_ITEMS[:-1]
    if (event.get("usage") or {}).get("type") == "tokens":
        demanded += _OF_USAGE
    for path in demanded:
        assert None not in _found([event], path.split(".")), (path, event)
    if event["type"].startswith("response.content_part."):
        assert "transcript" not in event["part"] or event["part"]["transcript"] is not None


def _found(values: list[Any], path: list[str]) -> list[Any]:
    """Return everything that a path leads to, `None` where something is missing."""
    for step in path:
        inner = [None if value is None else value.get(step.rstrip("*")) for value in values]
        values = [one for many in inner for one in many or ()] if step.endswith("*") else inner
    return values


def check_event(raw: str | bytes) -> Json:
    """Hold an event against the official types, strictly, and against what stock clients demand.

    Unknown fields fail as well, and so does a null in an item: one client throws on those.
    """
    model = server_event().validate_json(raw, strict=True)
    extra = set(_extra_fields(model))
    assert extra <= _UNTYPED, (raw, extra)
    event: Json = json.loads(raw)
    assert event["event_id"]
    _check_demands(event)
    for item in (event.get("item"), *(event.get("response") or {}).get("output", ())):
        for name, value in (item or {}).items():
            assert value is not None, (name, raw)
        for part in (item or {}).get("content", ()):
            assert part["type"] != "input_audio" or "transcript" in part
    return event


def _extra_fields(model: object) -> Iterator[str]:
    if isinstance(model, BaseModel):
        yield from model.model_extra or ()
        for name in type(model).model_fields:
            yield from _extra_fields(getattr(model, name))
    elif isinstance(model, list):
        for inner in model:
            yield from _extra_fields(inner)


class Talk:
    """One client's side of a conversation; every event is held against the official types."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Json] = []
        self.is_checked = True

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def say(self, samples: Audio) -> None:
        """Send audio in frames of 20 ms, as fast as the socket takes them."""
        for start in range(0, len(samples), 480):
            frame = samples[start : start + 480].astype("<i2").tobytes()
            await self.send("input_audio_buffer.append", audio=base64.b64encode(frame).decode())

    async def until(self, kind: str) -> Json:
        """Receive up to and including the next event of a kind."""
        async with asyncio.timeout(30):
            while True:
                raw = await self.socket.recv()
                event: Json = check_event(raw) if self.is_checked else json.loads(raw)
                self.events.append(event)
                if event["type"] == kind:
                    return event

    async def refused(self) -> Json:
        error: Json = (await self.until("error"))["error"]
        return error

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def drain(self) -> list[Json]:
        """Take the events received so far."""
        events, self.events = self.events, []
        return events


Opened = Callable[..., AbstractAsyncContextManager[Talk]]


@asynccontextmanager
async def _opened(
    config: SimulatorConfig, *, query: str = "model=gpt-realtime-2.1", **options: Any
) -> AsyncIterator[Talk]:
    simulator = Simulator(config)
    port = await simulator.start()
    try:
        url = f"ws://127.0.0.1:{port}/v1/realtime?{query}"
        async with connect(url, **options) as socket:
            talk = Talk(socket)
            await talk.until("session.created")
            yield talk
    finally:
        await simulator.stop()


@pytest.fixture(scope="session")
def opened() -> Opened:
    """A simulator with a client whose session is open."""
    return _opened


@pytest.fixture(scope="session")
def quick() -> SimulatorConfig:
    """A simulator that answers within a tenth of a second."""
    return SimulatorConfig(preset=QUICK, speed=100, responses=2, seed=7)


def spoken(seconds: float, seed: int = 1) -> Audio:
    return speech_like(np.random.default_rng(seed), seconds, RATE_HZ)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


@pytest.fixture(scope="session")
def utterance() -> Audio:
    """A second of speech between silences that end a turn."""
    samples = np.concatenate((silence(0.4), spoken(1.0), silence(0.6)))
    samples.setflags(write=False)
    return samples
