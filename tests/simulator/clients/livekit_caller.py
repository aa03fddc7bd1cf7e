# mypy: ignore-errors
"""One conversation of LiveKit with a server: python livekit_caller.py PORT CONVERSATION AUDIO."""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

from livekit import rtc
from livekit.agents import function_tool, llm, utils
from livekit.plugins.openai import realtime

PORT, CONVERSATION, AUDIO = sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_bytes()
FOUND = {"audio": 0, "tools": 0, "interrupted": 0, "errors": []}
KINDS = Counter()


@function_tool
async def look_up(city: str) -> str:
    """Look something up."""
    return city


async def _until(is_so, what):
    give_up = time.monotonic() + 15
    while not is_so():
        if time.monotonic() > give_up:
            FOUND["errors"].append(f"never: {what}")
            return
        await asyncio.sleep(0.01)


async def _play(generation, calls, messages):
    """Take all of one reply."""

    async def take_calls():
        async for call in generation.function_stream:
            calls.append(call)

    taking = asyncio.create_task(take_calls())
    async for message in generation.message_stream:
        messages.append(message.message_id)
        async for _ in message.audio_stream:
            FOUND["audio"] += 1
    await taking


async def _say(session):
    for at in range(0, len(AUDIO), 4_800):
        piece = AUDIO[at : at + 4_800]
        session.push_audio(rtc.AudioFrame(piece, 24_000, 1, len(piece) // 2))
        await asyncio.sleep(0.005)


async def _hold(session, spoken):
    calls, messages = [], []
    await session.update_instructions("Help.")
    await session.update_tools([look_up])
    if CONVERSATION == "greeting":
        await _play(await session.generate_reply(instructions="Greet."), calls, messages)
    elif CONVERSATION == "vad":
        await _say(session)
        await _play(await spoken.get(), calls, messages)
    elif CONVERSATION == "manual":
        await _say(session)
        session.commit_audio()
        await _play(await session.generate_reply(), calls, messages)
    elif CONVERSATION == "tool":
        await _play(await session.generate_reply(), calls, messages)
        FOUND["tools"] = len(calls)
        context = session.chat_ctx.copy()
        output = llm.FunctionCallOutput(
            call_id=calls[0].call_id, name=calls[0].name, output="rain", is_error=False
        )
        context.items.append(output)
        asked = time.monotonic()
        await session.update_chat_ctx(context)
        if time.monotonic() - asked > 2:
            FOUND["errors"].append("dead air after the result of a call")
        await _play(await session.generate_reply(), calls, messages)
    elif CONVERSATION == "barge_in":
        await _say(session)
        playing = asyncio.create_task(_play(await spoken.get(), calls, messages))
        await _until(lambda: FOUND["audio"] > 2, "audio")
        await _say(session)
        await _until(lambda: KINDS["input_audio_buffer.speech_started"] > 1, "an interruption")
        FOUND["interrupted"] += 1
        session.interrupt()
        session.truncate(message_id=messages[0], modalities=["audio"], audio_end_ms=100)
        await playing
        await _until(lambda: KINDS["conversation.item.truncated"] > 0, "truncated")
        await _play(await spoken.get(), calls, messages)
    elif CONVERSATION == "expiry":
        await _until(lambda: KINDS["session.created"] > 1, "a second session")
        # It says that the connection has ended, and comes back by itself.
        FOUND["errors"] = [words for words in FOUND["errors"] if "recoverable=True" not in words]
        await _play(await session.generate_reply(instructions="Greet."), calls, messages)


async def main():
    async with utils.http_context.open():
        more = {"turn_detection": None} if CONVERSATION == "manual" else {}
        model = realtime.RealtimeModel(
            base_url=f"http://127.0.0.1:{PORT}/v1", api_key="any", model="gpt-realtime-2.1", **more
        )
        session, spoken = model.session(), asyncio.Queue()
        session.on("error", lambda error: FOUND["errors"].append(str(error)[:400]))
        session.on("openai_server_event_received", lambda event: KINDS.update([event["type"]]))

        def generation_created(generation):
            if not generation.user_initiated:
                spoken.put_nowait(generation)

        session.on("generation_created", generation_created)
        try:
            async with asyncio.timeout(20):
                await _hold(session, spoken)
        except (TimeoutError, llm.RealtimeError) as error:
            FOUND["errors"].append(f"{type(error).__name__}: {error}")
        await session.aclose()
    print(json.dumps(FOUND | {"kinds": KINDS}))


asyncio.run(main())
