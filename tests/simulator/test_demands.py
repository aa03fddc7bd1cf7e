"""What stock clients turned out to demand beyond the official types, one test for each demand.

What single fields must hold is part of `check_event` in conftest as well, and so of every event of
every test.
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

from harness.simulator import FaultRule, Simulator, SimulatorConfig, ToolRule

Json = dict[str, Any]
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


# -- demands on the events of one conversation in which everything happens --------------------

_LOOK_UP = {
    "type": "function",
    "name": "look_up",
    "description": "Look something up.",
    "parameters": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "LookUp",
        "type": "object",
        "additionalProperties": False,
        "properties": {"city": {"type": "string", "title": "City"}},
    },
}
_TRANSCRIPT = "conversation.item.input_audio_transcription.completed"


async def _converse(client: Any, utterance: Audio) -> None:
    """Speak and be answered, have a function called, interrupt, cut, and ask for items."""
    transcription = {"model": "gpt-4o-mini-transcribe"}
    audio = {"input": {"transcription": transcription}}
    session = {"type": "realtime", "tools": [_LOOK_UP], "audio": audio}
    await client.send("session.update", session=session)
    await client.say(utterance)
    completed = await client.until(_TRANSCRIPT)
    await client.send("conversation.item.retrieve", item_id=completed["item_id"])
    await client.until("conversation.item.retrieved")
    if "response.done" not in client.kinds:
        await client.until("response.done")
    await client.send("response.create", response={"metadata": {"client_event_id": "one"}})
    call = (await client.until("response.done"))["response"]["output"][0]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    await client.send("conversation.item.create", item=output)
    await client.send("response.create")
    heard = await client.until("response.output_audio.delta")
    await client.say(utterance[:24_000])
    await client.until("response.done")
    cut = {"item_id": heard["item_id"], "content_index": 0, "audio_end_ms": 40}
    await client.send("conversation.item.truncate", **cut)
    await client.until("conversation.item.truncated")
    await client.send("conversation.item.retrieve", item_id=heard["item_id"])
    await client.until("conversation.item.retrieved")


@pytest.fixture(scope="module")
def events(opened: Opened, quick: SimulatorConfig, utterance: Audio) -> list[Json]:
    """Everything the client received."""

    async def talk() -> list[Json]:
        async with opened(replace(quick, speed=1, tools=ToolRule(turns=(1,)))) as client:
            await _converse(client, utterance)
            received: list[Json] = client.events
            return received

    return asyncio.run(talk())


def _of(events: list[Json], kind: str) -> list[Json]:
    found = [event for event in events if event["type"] == kind]
    assert found, f"no {kind} in the conversation"
    return found


def _items(events: list[Json]) -> list[Json]:
    shown = [event["item"] for event in events if "item" in event]
    done = [item for event in _of(events, "response.done") for item in event["response"]["output"]]
    return shown + done


def _parts(events: list[Json], kind: str) -> list[Json]:
    return [part for item in _items(events) for part in item.get("content", ()) if _is(part, kind)]


def _is(part: Json, kind: str) -> bool:
    return bool(part["type"] == kind)


def test_audio_of_the_caller_has_a_transcript_that_is_null_before_there_is_one(
    events: list[Json],
) -> None:
    parts = _parts(events, "input_audio")
    assert all("transcript" in part for part in parts)
    assert parts[0]["transcript"] is None
    user = _of(events, "conversation.item.retrieved")[0]["item"]
    assert user["role"] == "user"
    assert user["content"][0]["transcript"]


def test_fields_that_do_not_apply_to_an_item_are_absent_and_never_null(events: list[Json]) -> None:
    whole = {
        "message": {"id", "object", "type", "status", "role", "content"},
        "function_call": {"id", "object", "type", "status", "call_id", "name", "arguments"},
        "function_call_output": {"id", "object", "type", "status", "call_id", "output"},
    }
    kinds = set()
    for item in _items(events):
        assert set(item) == whole[item["type"]]
        assert None not in item.values()
        kinds.add(item["type"])
    assert kinds == set(whole)


def test_finished_call_is_a_completed_output_item(events: list[Json]) -> None:
    calls = [e["item"] for e in _of(events, "response.output_item.done") if "name" in e["item"]]
    assert [call["status"] for call in calls] == ["completed"]
    assert json.loads(calls[0]["arguments"]) == {"city": "example"}


def test_call_is_announced_with_its_id_and_name_before_its_arguments_are_done(
    events: list[Json],
) -> None:
    (done,) = _of(events, "response.function_call_arguments.done")
    before = events[: events.index(done)]
    added = [e["item"] for e in _of(before, "conversation.item.added") if "name" in e["item"]]
    assert [(call["call_id"], call["name"]) for call in added] == [(done["call_id"], done["name"])]
    assert added[0]["arguments"] == ""


def test_created_response_echoes_the_metadata_it_was_asked_with(events: list[Json]) -> None:
    metadata = [e["response"]["metadata"] for e in _of(events, "response.created")]
    assert metadata == [None, {"client_event_id": "one"}, None]


def test_result_of_a_function_is_announced_as_well(events: list[Json]) -> None:
    for kind in ("conversation.item.added", "conversation.item.done"):
        outputs = [e["item"] for e in _of(events, kind) if "output" in e["item"]]
        assert [item["output"] for item in outputs] == ["rain"]


def test_nothing_that_a_client_usually_sends_is_an_error(events: list[Json]) -> None:
    assert "error" not in [event["type"] for event in events]


def test_sessions_hold_what_the_strictest_parser_knows(events: list[Json]) -> None:
    for kind in ("session.created", "session.updated"):
        session = _of(events, kind)[0]["session"]
        assert session["type"] == "realtime"
        assert session["tool_choice"] in ("auto", "none", "required")
        assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
        assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24_000}
        transcription = session["audio"]["input"]["transcription"]
        assert transcription is None or set(transcription) <= {"model", "language", "prompt"}
    assert {item["type"] for item in _items(events)} <= {
        "message",
        "function_call",
        "function_call_output",
    }


def test_instants_of_speech_are_whole_milliseconds(events: list[Json]) -> None:
    for kind, name in (
        ("input_audio_buffer.speech_started", "audio_start_ms"),
        ("input_audio_buffer.speech_stopped", "audio_end_ms"),
        ("conversation.item.truncated", "audio_end_ms"),
    ):
        assert all(type(event[name]) is int for event in _of(events, kind))


def test_every_delta_says_where_it_belongs_and_every_event_has_its_own_id(
    events: list[Json],
) -> None:
    for delta in _of(events, "response.output_audio.delta"):
        for name in ("response_id", "item_id", "output_index", "content_index"):
            assert delta[name] is not None
    assert len({event["event_id"] for event in events}) == len(events)


def test_interrupted_response_says_so_with_a_known_reason(events: list[Json]) -> None:
    details = [e["response"]["status_details"] for e in _of(events, "response.done")]
    assert details == [None, None, {"type": "cancelled", "reason": "turn_detected"}]


def test_items_of_both_sides_can_be_asked_for(events: list[Json]) -> None:
    retrieved = _of(events, "conversation.item.retrieved")
    assert [event["item"]["role"] for event in retrieved] == ["user", "assistant"]


def test_usage_of_a_transcript_is_whole(events: list[Json]) -> None:
    (completed,) = _of(events, _TRANSCRIPT)
    usage = completed["usage"]
    assert usage["type"] == "tokens"
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert set(usage["input_token_details"]) == {"text_tokens", "audio_tokens"}


def test_response_and_item_are_announced_before_anything_of_them_comes(events: list[Json]) -> None:
    responses, items = set(), set()
    for event in events:
        if event["type"] == "response.created":
            responses.add(event["response"]["id"])
        elif event["type"] == "response.output_item.added":
            assert event["response_id"] in responses
            assert event["item"]["status"] == "in_progress"
            items.add(event["item"]["id"])
        elif event["type"].endswith(".delta") and "response_id" in event:
            assert event["response_id"] in responses
            assert event["item_id"] in items


def test_parts_and_items_use_their_own_words_for_audio(events: list[Json]) -> None:
    for kind in ("response.content_part.added", "response.content_part.done"):
        assert {event["part"]["type"] for event in _of(events, kind)} == {"audio"}
    words = {part["type"] for item in _items(events) for part in item.get("content", ())}
    assert words == {"input_audio", "output_audio"}
    assert all(e["name"] for e in _of(events, "response.function_call_arguments.done"))


def test_update_of_one_part_leaves_the_rest_and_takes_what_clients_put_in(
    opened: Opened, quick: SimulatorConfig
) -> None:
    """Everything some client sends although it has no effect, or is the same as before."""
    update = {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "tracing": "auto",
        "tools": [_LOOK_UP],
        "audio": {
            "input": {
                "noise_reduction": None,
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
            },
            "output": {"speed": 1.2},
        },
    }

    async def talk() -> None:
        async with opened(quick) as client:
            before = client.events[0]["session"]
            await client.send("session.update", session=update)
            after = (await client.until("session.updated"))["session"]
            detection = after["audio"]["input"]["turn_detection"]
            assert detection == before["audio"]["input"]["turn_detection"] | {
                "silence_duration_ms": 300
            }
            assert after["tools"] == [_LOOK_UP]
            assert after["audio"]["output"] == before["audio"]["output"] | {"speed": 1.2}
            assert set(after) == set(before)
            await client.send("session.update", session={"type": "realtime", "tracing": None})
            await client.until("session.updated")

    asyncio.run(talk())


def test_greeting_is_spoken_over_a_text_before_any_audio(
    opened: Opened, quick: SimulatorConfig
) -> None:
    item = {
        "id": "4f8f6a0e9d3c4f2ab51c8a7be0d3f611",
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Greet the caller."}],
    }
    event_id = "0d9a4c62-6a0a-4b62-b4a6-0b0e7d1f6c11"

    async def talk() -> None:
        async with opened(quick) as client:
            await client.send("conversation.item.create", item=item, event_id=event_id)
            await client.send("response.create", event_id=event_id)
            await client.until("response.output_audio.delta")
            assert "error" not in client.kinds

    asyncio.run(talk())


def test_failed_transcript_names_its_cause_without_a_null(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    faults = (FaultRule(name="untranscribed"),)

    async def talk() -> None:
        async with opened(replace(quick, faults=faults)) as client:
            audio = {"input": {"transcription": {"model": "gpt-4o-mini-transcribe"}}}
            await client.send("session.update", session={"type": "realtime", "audio": audio})
            await client.say(utterance)
            failed = await client.until("conversation.item.input_audio_transcription.failed")
            assert None not in failed["error"].values()

    asyncio.run(talk())
