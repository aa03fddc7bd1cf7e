"""Everything the dialect has beyond a plain turn; each event is held against the official types."""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.simulator import SimulatorConfig, ToolRule
from harness.simulator.protocol import event_order
from harness.simulator.voice.sound_formats import ALAW, MULAW, SoundFormat

Json = dict[str, Any]
Audio = NDArray[np.int16]
Opened = Callable[..., AbstractAsyncContextManager[Any]]

GREET = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Say what the weather is.",
    "parameters": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Weather",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"enum": ["C", "F"]},
        },
    },
}


def _run(conversation: Coroutine[Any, Any, None]) -> None:
    asyncio.run(conversation)


def _without_deltas(kinds: list[str]) -> tuple[str, ...]:
    return tuple(kind for kind in kinds if kind not in event_order.DELTAS)


async def _configure(client: Any, **session: Any) -> Json:
    await client.send("session.update", session={"type": "realtime", **session})
    updated: Json = (await client.until("session.updated"))["session"]
    client.drain()
    return updated


def _last(client: Any, kind: str) -> Json:
    found: Json = [event for event in client.events if event["type"] == kind][-1]
    return found


def test_text_turn_follows_the_table(opened: Opened, quick: SimulatorConfig) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            await _configure(client, output_modalities=["text"])
            await client.send("conversation.item.create", item=GREET)
            await client.send("response.create")
            await client.until("rate_limits.updated")
            assert _without_deltas(client.kinds) == event_order.TEXT_TURN
            done = _last(client, "response.done")["response"]
            deltas = [e["delta"] for e in client.events if e["type"] in event_order.TEXT_DELTAS]
            text = _last(client, "response.output_text.done")["text"]
            assert "".join(deltas) == text
            assert done["output"][0]["content"] == [{"type": "output_text", "text": text}]
            assert done["output_modalities"] == ["text"]
            assert done["usage"]["output_token_details"]["audio_tokens"] == 0

    _run(talk())


def test_call_runs_ends_the_response_and_is_answered_after_its_result(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, tools=ToolRule(turns=(0,)))) as client:
            await _configure(client, tools=[WEATHER])
            await client.say(utterance)
            await client.until("rate_limits.updated")
            kinds = _without_deltas(client.kinds)
            assert kinds[-len(event_order.CALL_TURN) :] == event_order.CALL_TURN
            added = next(e for e in client.events if e["type"] == "response.output_item.added")
            assert added["item"]["arguments"] == ""
            assert added["item"]["status"] == "in_progress"
            finished = _last(client, "response.function_call_arguments.done")
            assert json.loads(finished["arguments"]) == {"city": "example", "days": 1, "unit": "C"}
            assert finished["name"] == "get_weather"
            item = _last(client, "response.output_item.done")["item"]
            assert item["status"] == "completed"
            assert "role" not in item
            assert _last(client, "response.done")["response"]["output"] == [item]
            client.drain()
            result = {
                "id": "mine",
                "type": "function_call_output",
                "call_id": item["call_id"],
                "output": "{}",
            }
            await client.send("conversation.item.create", item=result)
            await client.send("response.create", response={"metadata": {"client_event_id": "7"}})
            await client.until("rate_limits.updated")
            head = event_order.CREATED + event_order.RESPONSE_BEGIN + event_order.RESPONSE_OPEN
            assert _without_deltas(client.kinds) == head + event_order.TURN_TAIL
            assert client.events[0]["item"]["id"] == "mine"
            created = _last(client, "response.created")["response"]
            assert created["metadata"] == {"client_event_id": "7"}

    _run(talk())


def test_preamble_is_said_before_the_call_and_both_are_outputs(
    opened: Opened, quick: SimulatorConfig
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, tools=ToolRule(turns=(0,), preamble=1.0))) as client:
            await _configure(client, tools=[WEATHER])
            await client.send("response.create")
            done = (await client.until("response.done"))["response"]
            await client.until("rate_limits.updated")
            assert _without_deltas(client.kinds) == event_order.PREAMBLE_TURN
            assert [item["type"] for item in done["output"]] == ["message", "function_call"]
            call = _last(client, "response.function_call_arguments.done")
            assert call["output_index"] == 1

    _run(talk())


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("none", None),
        ("required", "get_weather"),
        ({"type": "function", "name": "other"}, "other"),
    ],
)
def test_tool_choice_of_a_response_beats_the_session(
    opened: Opened, quick: SimulatorConfig, choice: Any, called: str | None
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, tools=ToolRule(probability=0.5))) as client:
            tools = [WEATHER, {"type": "function", "name": "other"}]
            await _configure(client, tools=tools, tool_choice="auto")
            response = {"tool_choice": choice, "instructions": None}
            await client.send("response.create", response=response)
            output = (await client.until("response.done"))["response"]["output"]
            assert output[0].get("name") == called

    _run(talk())


def test_response_out_of_band_runs_beside_another_and_leaves_no_trace(
    opened: Opened, quick: SimulatorConfig
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, speed=2)) as client:
            await client.send("response.create")
            main = (await client.until("response.created"))["response"]["id"]
            aside = {
                "conversation": "none",
                "output_modalities": ["text"],
                "metadata": {"topic": "sort"},
                "input": [],
            }
            await client.send("response.create", response=aside)
            responses: dict[str, Json] = {}
            while len(responses) < 2:
                done = (await client.until("response.done"))["response"]
                responses[done["id"]] = done
            other = next(done for done in responses.values() if done["id"] != main)
            assert other["conversation_id"] is None
            assert other["metadata"] == {"topic": "sort"}
            item_id = other["output"][0]["id"]
            traces = [e for e in client.events if e["type"].startswith("conversation.")]
            assert item_id not in [event["item"]["id"] for event in traces]
            await client.send("conversation.item.retrieve", item_id=item_id)
            assert (await client.refused())["code"] == "item_retrieve_invalid_item_id"

    _run(talk())


@pytest.mark.parametrize("sound", [MULAW, ALAW], ids=lambda sound: sound.name)
def test_g711_is_heard_and_spoken(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, sound: SoundFormat
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            wire = {"format": sound.wire}
            shown = await _configure(client, audio={"input": wire, "output": wire})
            assert shown["audio"]["output"]["format"] == {"type": sound.name}
            encoded = sound.encode(utterance[::3])
            for start in range(0, len(encoded), 160):
                frame = base64.b64encode(encoded[start : start + 160]).decode()
                await client.send("input_audio_buffer.append", audio=frame)
            stopped = await client.until("input_audio_buffer.speech_stopped")
            assert stopped["audio_end_ms"] == pytest.approx(1600, abs=20)
            done = (await client.until("response.done"))["response"]
            assert done["audio"]["output"]["format"] == {"type": sound.name}
            deltas = [e["delta"] for e in client.events if e["type"].endswith("audio.delta")]
            audio = sound.decode(b"".join(map(base64.b64decode, deltas)))
            assert 1.2 < len(audio) / 8000 < 2.7
            assert np.abs(audio.astype(int)).max() > 5000

    _run(talk())


@pytest.mark.parametrize("eagerness", ["high", "auto", "low"])
def test_semantic_vad_ends_turns_by_itself(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, eagerness: str
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            detection = {"type": "semantic_vad", "eagerness": eagerness}
            shown = await _configure(client, audio={"input": {"turn_detection": detection}})
            assert shown["audio"]["input"]["turn_detection"] == {
                "type": "semantic_vad",
                "eagerness": eagerness,
                "create_response": True,
                "interrupt_response": True,
            }
            pause = np.zeros(9 * 24_000, dtype=np.int16)
            await client.say(np.concatenate((utterance, pause)))
            await client.until("rate_limits.updated")
            assert (
                _without_deltas(client.kinds) == event_order.VAD_TURN_HEAD + event_order.TURN_TAIL
            )

    _run(talk())


def test_without_create_response_the_client_asks(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            detection = {"type": "server_vad", "create_response": False}
            await _configure(client, audio={"input": {"turn_detection": detection}})
            await client.say(utterance)
            await client.until("conversation.item.done")
            assert (
                tuple(client.kinds)
                == event_order.HEARD_START + event_order.HEARD_STOP + event_order.COMMITTED
            )
            await client.send("response.create")
            await client.until("rate_limits.updated")
            assert (
                _without_deltas(client.kinds) == event_order.VAD_TURN_HEAD + event_order.TURN_TAIL
            )

    _run(talk())


def test_silent_caller_is_spoken_to_after_the_idle_timeout(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            detection = {"type": "server_vad", "idle_timeout_ms": 100}
            await _configure(client, audio={"input": {"turn_detection": detection}})
            await client.say(utterance)
            await client.until("rate_limits.updated")
            client.drain()
            triggered = await client.until("input_audio_buffer.timeout_triggered")
            assert 0 <= triggered["audio_start_ms"] <= triggered["audio_end_ms"]
            await client.until("rate_limits.updated")
            assert _without_deltas(client.kinds) == event_order.IDLE_TURN

    _run(talk())


@pytest.mark.parametrize("model", [None, "whisper-1"])
def test_transcript_comes_with_its_usage_whenever_it_comes(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, model: str | None
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            asked = {"language": "en"} | ({"model": model} if model else {})
            shown = await _configure(client, audio={"input": {"transcription": asked}})
            used = shown["audio"]["input"]["transcription"]
            assert set(used) == {"model", "language"}
            await client.say(utterance)
            committed = await client.until("input_audio_buffer.committed")
            completed = await client.until(*event_order.TRANSCRIBED)
            assert completed["item_id"] == committed["item_id"]
            deltas = [
                e["delta"] for e in client.events if e["type"] in event_order.TRANSCRIPT_DELTAS
            ]
            assert "".join(deltas) == completed["transcript"] != ""
            usage = completed["usage"]
            assert usage["type"] == ("duration" if model else "tokens")
            if not model:
                details = usage["input_token_details"]
                assert details["text_tokens"] + details["audio_tokens"] == usage["input_tokens"]
            await client.send("conversation.item.retrieve", item_id=completed["item_id"])
            item = (await client.until("conversation.item.retrieved"))["item"]
            assert item["content"][0]["transcript"] == completed["transcript"]

    _run(talk())


def test_retrieved_answer_holds_its_audio_up_to_where_it_was_cut(
    opened: Opened, quick: SimulatorConfig
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            await client.send("response.create")
            item_id = (await client.until("response.done"))["response"]["output"][0]["id"]
            deltas = [e["delta"] for e in client.events if e["type"].endswith("audio.delta")]
            sent = b"".join(map(base64.b64decode, deltas))

            async def retrieved() -> bytes:
                await client.send("conversation.item.retrieve", item_id=item_id)
                item = (await client.until("conversation.item.retrieved"))["item"]
                return base64.b64decode(item["content"][0]["audio"])

            whole = await retrieved()
            assert whole == sent[: len(whole)]
            assert len(sent) - len(whole) < 48
            await client.send(
                "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500
            )
            await client.until("conversation.item.truncated")
            assert await retrieved() == sent[:24_000]

    _run(talk())


def test_response_stops_at_its_token_limit(opened: Opened, quick: SimulatorConfig) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            await client.send("response.create", response={"max_output_tokens": 12})
            done = (await client.until("response.done"))["response"]
            assert done["status"] == "incomplete"
            assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
            assert done["output"][0]["status"] == "incomplete"

    _run(talk())


def test_items_are_placed_deleted_and_kept_apart(opened: Opened, quick: SimulatorConfig) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            for name, after in (("b", None), ("a", "root"), ("c", "b")):
                item = GREET | {"id": name}
                await client.send("conversation.item.create", item=item, previous_item_id=after)
                await client.until("conversation.item.done")
            places = {e["item"]["id"]: e["previous_item_id"] for e in client.events if "item" in e}
            assert places == {"b": None, "a": None, "c": "b"}
            await client.send("conversation.item.create", item=GREET | {"id": "a"})
            assert (await client.refused())["code"] == "item_create_duplicate_item_id"
            await client.send("conversation.item.delete", item_id="b")
            assert (await client.until("conversation.item.deleted"))["item_id"] == "b"
            await client.send("conversation.item.delete", item_id="b")
            assert (await client.refused())["code"] == "item_delete_invalid_item_id"

    _run(talk())


def test_transcription_session_writes_down_and_answers_nothing(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    transcription = {"model": "gpt-4o-transcribe", "language": "de"}
    update = {"type": "transcription", "audio": {"input": {"transcription": transcription}}}

    async def talk() -> None:
        async with opened(quick, query="intent=transcription") as client:
            created = client.events[0]["session"]
            assert created["object"] == "realtime.transcription_session"
            assert created["audio"]["input"]["turn_detection"] == {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 200,
            }
            await client.send("session.update", session=update)
            updated = (await client.until("session.updated"))["session"]
            assert updated["audio"]["input"]["transcription"] == transcription
            client.drain()
            for _ in range(2):
                await client.say(utterance)
                completed = await client.until(*event_order.TRANSCRIBED)
                kinds = [kind for kind in client.kinds if kind not in event_order.TRANSCRIPT_DELTAS]
                heard = event_order.HEARD_START + event_order.HEARD_STOP + event_order.COMMITTED
                assert tuple(kinds) == heard + event_order.TRANSCRIBED
                added = next(e for e in client.events if e["type"] == "conversation.item.added")
                assert "previous_item_id" not in added
                assert completed["item_id"] == added["item"]["id"]
                client.drain()
            for refused in ({"kind": "response.create"}, {"kind": "response.cancel"}):
                await client.send(**refused)
                error = await client.refused()
                assert "transcription" in error["message"]
            await client.send("session.update", session={"type": "realtime"})
            assert (await client.refused())["param"] == "session.type"
            transcription["model"] = "gpt-realtime-whisper"
            await client.send("session.update", session=update)
            assert (await client.refused())["param"] == "session.audio.input.turn_detection"

    _run(talk())


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"tools": [{"type": "mcp", "server_label": "s"}]}, "session.tools[0].type"),
        ({"tool_choice": {"type": "mcp", "server_label": "s"}}, "session.tool_choice.type"),
        ({"type": "translation"}, "session.type"),
        ({"type": "transcription"}, "session.type"),
    ],
)
def test_what_is_not_simulated_is_refused_by_name_and_changes_nothing(
    opened: Opened, quick: SimulatorConfig, session: Json, param: str
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            changed = {"type": "realtime", "instructions": "x", **session}
            await client.send("session.update", session=changed)
            error = await client.refused()
            assert (error["code"], error["param"]) == ("invalid_value", param)
            assert (await _configure(client))["instructions"] == ""
            if "tools" not in session:
                return
            for kind in ("session.close", "session.input_audio_buffer.append"):
                await client.send(kind)
                error = await client.refused()
                assert (error["code"], error["param"]) == ("invalid_value", "type")
                assert kind in error["message"]

    _run(talk())


def test_every_event_in_the_tables_is_typed() -> None:
    from typing import get_args

    from openai.types.realtime import RealtimeServerEvent

    variants = get_args(get_args(RealtimeServerEvent)[0])
    typed = {get_args(variant.model_fields["type"].annotation)[0] for variant in variants}
    assert typed >= event_order.EVENTS
