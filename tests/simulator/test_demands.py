"""What stock clients turned out to demand beyond the official types, one test for each demand.

Those about single fields (no nulls in items, a transcript in every `input_audio` part, identifiers
and indexes on every delta, whole numbers of milliseconds) are part of `check_event` in conftest and
hold for every event of every test.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from harness.simulator import Simulator, SimulatorConfig

Audio = NDArray[np.int16]
Opened = Callable[..., AbstractAsyncContextManager[Any]]


def test_updates_sent_before_the_greeting_is_read_are_all_answered(quick: SimulatorConfig) -> None:
    """One client sends three in the same instant, some with the model's own name."""
    updates = [
        {"type": "realtime", "audio": {"input": {"noise_reduction": None}}, "tracing": None},
        {"type": "realtime", "instructions": "Help."},
        {"type": "realtime", "model": "m", "tools": []},
    ]

    async def talk() -> None:
        simulator = Simulator(quick)
        url = f"ws://127.0.0.1:{await simulator.start()}/v1/realtime?model=m"
        async with connect(url) as socket:
            for session in updates:
                await socket.send(json.dumps({"type": "session.update", "session": session}))
            kinds = [json.loads(await socket.recv())["type"] for _ in range(4)]
            assert kinds == ["session.created"] + ["session.updated"] * 3
        await simulator.stop()

    asyncio.run(talk())


def test_updated_session_is_whole_and_its_transcription_holds_what_was_asked_for_only(
    opened: Opened, quick: SimulatorConfig
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            created = client.events[0]["session"]
            transcription = {"model": "gpt-realtime-whisper", "language": None}
            audio = {"input": {"transcription": transcription}}
            await client.send("session.update", session={"type": "realtime", "audio": audio})
            updated = (await client.until("session.updated"))["session"]
            assert updated["audio"]["input"].pop("transcription") == {
                "model": "gpt-realtime-whisper"
            }
            assert created["audio"]["input"].pop("transcription") is None
            assert updated == created
            detection = updated["audio"]["input"]["turn_detection"]
            assert detection["interrupt_response"] is True
            assert isinstance(updated["tool_choice"], str)
            assert isinstance(updated["audio"]["output"]["voice"], str)

    asyncio.run(talk())


@pytest.mark.parametrize("cut_by_server", [False, True])
def test_truncation_is_accepted_up_to_what_was_sent_also_after_the_end_and_twice(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, cut_by_server: bool
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, speed=1 if cut_by_server else 100)) as client:
            await client.say(utterance)
            if cut_by_server:
                await client.until("response.output_audio.delta")
                await client.say(utterance[:24_000])
            done = (await client.until("response.done"))["response"]
            assert done["status"] == ("cancelled" if cut_by_server else "completed")
            encoded = sum(
                len(event["delta"])
                for event in client.events
                if event["type"].endswith("audio.delta")
            )
            sent_ms = encoded * 3 // 4 // 48 - 1
            item_id = done["output"][0]["id"]
            for end_ms in (sent_ms, 30, sent_ms):
                await client.send(
                    "conversation.item.truncate",
                    item_id=item_id,
                    content_index=0,
                    audio_end_ms=end_ms,
                )
                cut = await client.until("conversation.item.truncated")
                assert (cut["item_id"], cut["audio_end_ms"]) == (item_id, end_ms)
            assert "error" not in client.kinds

    asyncio.run(talk())


def test_reasons_of_an_end_are_among_the_four_that_are_known(
    opened: Opened, quick: SimulatorConfig
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, speed=1)) as client:
            await client.send("response.create")
            await client.until("response.output_audio.delta")
            await client.send("response.cancel")
            done = (await client.until("response.done"))["response"]
            assert done["status_details"]["reason"] == "client_cancelled"
            # A second cancel is what a client sends that has not seen the first one's end.
            await client.send("response.cancel")
            refused = await client.refused()
            assert refused["message"].startswith("Cancellation failed")

    asyncio.run(talk())


def test_every_created_item_is_announced_with_its_own_id(
    opened: Opened, quick: SimulatorConfig
) -> None:
    part = {"type": "input_text", "text": "x"}
    items: list[dict[str, Any]] = [
        {"type": "message", "role": "user", "content": [part]},
        {"type": "message", "role": "system", "content": [part]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
        {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": ""},
    ]

    async def talk() -> None:
        async with opened(quick) as client:
            client.drain()
            for number, item in enumerate(items):
                wanted = item | {"id": f"{number:032x}"}
                await client.send("conversation.item.create", item=wanted, event_id="1-2-3")
                await client.until("conversation.item.done")
                added, done = client.drain()
                assert added["type"] == "conversation.item.added"
                assert wanted.items() <= added["item"].items()
                assert added["item"] == done["item"]

    asyncio.run(talk())
