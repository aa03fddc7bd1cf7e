import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.simulator import Preset, SimulatorConfig
from harness.simulator.protocol import event_order

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Audio = NDArray[np.int16]
MANUAL = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


def _without_deltas(kinds: list[str]) -> tuple[str, ...]:
    return tuple(kind for kind in kinds if kind not in event_order.RESPONSE_DELTAS)


def _audio(events: list[dict[str, Any]]) -> Audio:
    deltas = [e["delta"] for e in events if e["type"] == "response.output_audio.delta"]
    wire = b"".join(base64.b64decode(delta) for delta in deltas)
    return np.frombuffer(wire, dtype="<i2")


def test_vad_turns_follow_the_table(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            client.drain()
            previous = None
            for _ in range(2):
                await client.say(utterance)
                await client.until("rate_limits.updated")
                assert (
                    _without_deltas(client.kinds)
                    == event_order.VAD_TURN_HEAD + event_order.TURN_TAIL
                )
                events = client.drain()
                started, stopped, committed, added = events[:4]
                item_id = started["item_id"]
                assert stopped["item_id"] == committed["item_id"] == added["item"]["id"] == item_id
                assert committed["previous_item_id"] == previous
                assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
                done = events[-2]["response"]
                assert done["status"] == "completed"
                assert done["usage"]["output_tokens"] > 0
                previous = done["output"][0]["id"]
                assert len({event["event_id"] for event in events}) == len(events)

    asyncio.run(talk())


def test_speech_times_are_whole_milliseconds_of_all_audio_ever_sent(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            for turn in range(2):
                await client.say(utterance)
                started = await client.until("input_audio_buffer.speech_started")
                stopped = await client.until("input_audio_buffer.speech_stopped")
                await client.until("rate_limits.updated")
                # Onset at 400 ms less the prefix of 300; end at 1400 ms and 200 of silence.
                assert started["audio_start_ms"] == pytest.approx(turn * 2000 + 100, abs=10)
                assert stopped["audio_end_ms"] == pytest.approx(turn * 2000 + 1600, abs=10)
                for value in (started["audio_start_ms"], stopped["audio_end_ms"]):
                    assert type(value) is int

    asyncio.run(talk())


def test_pause_shorter_than_the_silence_window_does_not_end_the_turn(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            detection = {"type": "server_vad", "silence_duration_ms": 900}
            session = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
            await client.send("session.update", session=session)
            shown = (await client.until("session.updated"))["session"]
            assert shown["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
            assert shown["audio"]["input"]["turn_detection"]["prefix_padding_ms"] == 300
            # 600 ms after the first and 400 ms before the second are one pause of 1000 ms.
            pause = np.zeros(480 * 40, dtype=np.int16)
            await client.say(np.concatenate((utterance[:-4800], utterance[4800:], pause)))
            await client.until("rate_limits.updated")
            assert client.kinds.count("input_audio_buffer.speech_stopped") == 1

    asyncio.run(talk())


def test_manual_turn_follows_the_table(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            await client.send("session.update", session=MANUAL)
            await client.until("session.updated")
            client.drain()
            await client.say(utterance)
            await client.send("input_audio_buffer.commit")
            await client.until("conversation.item.done")
            await client.send("response.create", response={"metadata": {"a": "b"}})
            created = await client.until("response.created")
            assert created["response"]["metadata"] == {"a": "b"}
            await client.until("rate_limits.updated")
            assert (
                _without_deltas(client.kinds)
                == event_order.MANUAL_TURN_HEAD + event_order.TURN_TAIL
            )

    asyncio.run(talk())


def test_greeting_is_spoken_before_any_audio(opened: Opened, quick: SimulatorConfig) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            item = {
                "id": "0123456789abcdef0123456789abcdef",
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Greet the caller."}],
            }
            await client.send("conversation.item.create", item=item)
            await client.send("response.create")
            done = await client.until("response.done")
            added = next(e for e in client.events if e["type"] == "conversation.item.added")
            assert added["item"]["id"] == item["id"]
            assert done["response"]["usage"]["input_token_details"]["text_tokens"] > 0
            assert np.any(_audio(client.events))

    asyncio.run(talk())


def test_later_responses_read_the_context_again_and_find_part_of_it_cached(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            usages = []
            for _ in range(4):
                await client.say(utterance)
                usages.append((await client.until("response.done"))["response"]["usage"])
            read = [usage["input_tokens"] for usage in usages]
            assert read == sorted(set(read))
            cached = [usage["input_token_details"]["cached_tokens"] for usage in usages]
            assert cached == [0] + [tokens // 64 * 64 for tokens in read[:-1]]
            assert cached[-1] > 0
            for usage in usages:
                details = usage["input_token_details"]
                assert details["text_tokens"] + details["audio_tokens"] == usage["input_tokens"]
                assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]

    asyncio.run(talk())


def test_speech_cancels_a_response_that_is_being_generated(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, tmp_path: Path
) -> None:
    async def talk() -> None:
        config = replace(quick, speed=1, truth=tmp_path / "truth.jsonl")
        async with opened(config) as client:
            await client.say(utterance)
            await client.until("response.output_audio.delta")
            client.drain()
            await client.say(utterance[:24_000])
            done = (await client.until("response.done"))["response"]
            assert done["status"] == "cancelled"
            assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
            assert done["output"][0]["status"] == "incomplete"
            kinds = _without_deltas(client.kinds)
            assert (
                kinds
                == event_order.HEARD_START + event_order.RESPONSE_CLOSE + event_order.RESPONSE_END
            )
            item_id = done["output"][0]["id"]
            await client.send(
                "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=10
            )
            assert (await client.until("conversation.item.truncated"))["audio_end_ms"] == 10

    asyncio.run(talk())
    (truth,) = map(json.loads, (tmp_path / "truth.jsonl").read_text().splitlines())
    assert truth["cancelled"] is True


def test_client_cancels_before_and_during_the_audio(opened: Opened, quick: SimulatorConfig) -> None:
    async def talk() -> None:
        slow = Preset(name="slow", shift_ms=30_000, median_ms=1, sigma=0.1)
        async with opened(replace(quick, preset=slow)) as client:
            await client.send("response.create")
            created = await client.until("response.created")
            await client.send("response.create")
            busy = await client.refused()
            assert busy["code"] == "conversation_already_has_active_response"
            await client.send("response.cancel", response_id=created["response"]["id"])
            done = (await client.until("response.done"))["response"]
            assert done["status_details"]["reason"] == "client_cancelled"
            assert done["output"] == []
            await client.send("response.cancel")
            late = await client.refused()
            assert late["code"] == "response_cancel_not_active"
            assert late["message"].startswith("Cancellation failed")

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ("no json", "invalid_json", None),
        ("[]", "invalid_event", "type"),
        ("{}", "invalid_event", "type"),
        (b"bytes", "invalid_event", None),
        ({"type": "response.unheard_of"}, "invalid_value", "type"),
        ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
        ({"type": "input_audio_buffer.append", "audio": "?"}, "invalid_value", "audio"),
        ({"type": "input_audio_buffer.append", "audio": "AAAA"}, "invalid_value", "audio"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty", None),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
        ({"type": "conversation.item.create"}, "missing_required_parameter", "item"),
        ({"type": "conversation.item.delete"}, "missing_required_parameter", "item_id"),
        (
            {"type": "conversation.item.delete", "item_id": "x"},
            "item_delete_invalid_item_id",
            "item_id",
        ),
        (
            {"type": "conversation.item.retrieve", "item_id": "x"},
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        (
            {
                "type": "conversation.item.truncate",
                "item_id": "x",
                "content_index": 0,
                "audio_end_ms": 1,
            },
            "item_truncate_invalid_item_id",
            "item_id",
        ),
    ],
)
def test_errors_name_their_cause_and_leave_the_session_open(
    opened: Opened, quick: SimulatorConfig, event: Any, code: str, param: str | None
) -> None:
    async def talk() -> None:
        async with opened(quick) as client:
            if isinstance(event, dict):
                await client.send(**{"kind": event["type"], "event_id": "mine", **_rest(event)})
            else:
                await client.socket.send(event)
            error = await client.refused()
            assert (error["code"], error["param"]) == (code, param)
            assert error["event_id"] == ("mine" if isinstance(event, dict) else None)
            await client.send("input_audio_buffer.clear")
            await client.until("input_audio_buffer.cleared")

    asyncio.run(talk())


def _rest(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "type"}


def test_truth_agrees_with_itself_and_with_what_was_sent(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, tmp_path: Path
) -> None:
    turns, heard = 3, []

    async def talk() -> None:
        slower = replace(quick.preset, shift_ms=300)
        config = replace(quick, preset=slower, truth=tmp_path / "truth.jsonl")
        async with opened(config) as client:
            for _ in range(turns):
                # Silence in front, so that speech does not end where a frame does.
                await client.say(np.concatenate((np.zeros(100, dtype=np.int16), utterance[:-100])))
                await client.until("rate_limits.updated")
                heard.append(client.drain())

    asyncio.run(talk())
    records = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [record["turn_index"] for record in records] == list(range(turns))
    for turn, (record, events) in enumerate(zip(records, heard, strict=True)):
        done = next(e["response"] for e in events if e["type"] == "response.done")
        assert done["id"] == record["response_id"]
        lead = round(record["lead_silence_ms"] * 24)
        audio = _audio(events)
        assert not audio[:lead].any()
        assert abs(int(audio[lead])) > 1000
        # The utterance's speech ends 1.4 s into its 2 s.
        assert record["heard_end_sample"] == turn * 48_000 + 33_700 - 1
        ends, received = record["frame_end_samples"], record["frame_received_ns"]
        assert len(ends) == len(received) <= 128
        assert ends == sorted(ends)
        assert received == sorted(received)
        frame = next(i for i, end in enumerate(ends) if end > record["heard_end_sample"])
        anchor_ns = received[frame] - (ends[frame] - record["heard_end_sample"]) * 10**9 // 24_000
        wanted_ns = anchor_ns + round((record["drawn_ms"] - record["lead_silence_ms"]) * 1e6)
        due_ns, released_ns = record["first_audio_due_ns"], record["first_audio_released_ns"]
        # As drawn, unless the endpoint came too late for that.
        assert due_ns >= wanted_ns - 2
        if wanted_ns > record["endpoint_ns"] + 100_000_000:
            assert due_ns <= wanted_ns + 2
        assert record["endpoint_ns"] < due_ns <= released_ns <= record["last_audio_released_ns"]
        lead_ns = lead * 10**9 // 24_000
        assert record["first_audible_heard_ns"] >= released_ns + lead_ns


def test_client_that_hangs_up_in_mid_response_leaves_its_truth_behind(
    opened: Opened,
    quick: SimulatorConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def talk() -> None:
        config = replace(quick, speed=1, truth=tmp_path / "truth.jsonl")
        async with opened(config) as client:
            await client.send("response.create")
            await client.until("response.output_audio.delta")
            await client.socket.close()

    asyncio.run(talk())
    (truth,) = map(json.loads, (tmp_path / "truth.jsonl").read_text().splitlines())
    assert truth["first_audio_released_ns"] is not None
    assert truth["heard_end_sample"] is None
    assert truth["cancelled"] is False
    assert capsys.readouterr().err == ""
