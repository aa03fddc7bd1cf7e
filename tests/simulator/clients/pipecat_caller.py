# mypy: ignore-errors
"""One conversation of Pipecat with a server: python pipecat_caller.py PORT CONVERSATION AUDIO."""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

from loguru import logger
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    InputAudioRawFrame,
    LLMRunFrame,
    TTSAudioRawFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService

PORT, CONVERSATION, AUDIO = sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_bytes()
FOUND = {"audio": 0, "tools": 0, "interrupted": 0, "errors": []}
KINDS = Counter()
_parse = events.parse_server_event


def _counted(raw):
    event = _parse(raw)
    KINDS[event.type] += 1
    if event.type == "error":
        FOUND["errors"].append(f"{event.error.code}: {event.error.message}")
    return event


events.parse_server_event = _counted


class Ear(FrameProcessor):
    """Counts what comes out."""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        FOUND["audio"] += isinstance(frame, TTSAudioRawFrame)
        await self.push_frame(frame, direction)


async def _look_up(params):
    FOUND["tools"] += 1
    await params.result_callback({"weather": "rain"})


def _service():
    detection = False if CONVERSATION == "manual" else None
    hearing = {} if detection is None else {"turn_detection": detection}
    audio = events.AudioConfiguration(
        input=events.AudioInput(transcription=events.InputAudioTranscription(), **hearing)
    )
    service = OpenAIRealtimeLLMService(
        api_key="any",
        base_url=f"ws://127.0.0.1:{PORT}/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            system_instruction="Help.", session_properties=events.SessionProperties(audio=audio)
        ),
    )
    service.register_function("look_up", _look_up)
    return service


async def _until(is_so, what):
    give_up = time.monotonic() + 15
    while not is_so():
        if time.monotonic() > give_up:
            FOUND["errors"].append(f"never: {what}")
            return
        await asyncio.sleep(0.01)


async def _replies(count):
    await _until(lambda: KINDS["response.done"] >= count, f"{count} replies")


async def _say(task):
    for at in range(0, len(AUDIO), 960):
        frame = InputAudioRawFrame(audio=AUDIO[at : at + 960], sample_rate=24_000, num_channels=1)
        await task.queue_frames([frame])
        await asyncio.sleep(0.002)


async def _hold(task, service):
    await _until(lambda: KINDS["session.updated"] > 0, "a session")
    if CONVERSATION == "greeting":
        await task.queue_frames([LLMRunFrame()])
        await _replies(1)
    elif CONVERSATION == "vad":
        await _say(task)
        await _replies(1)
    elif CONVERSATION == "manual":
        await _say(task)
        await task.queue_frames([UserStoppedSpeakingFrame()])
        await _replies(1)
    elif CONVERSATION == "tool":
        await task.queue_frames([LLMRunFrame()])
        await _replies(2)
    elif CONVERSATION == "barge_in":
        await _say(task)
        await _until(lambda: FOUND["audio"] > 2, "audio")
        await asyncio.sleep(0.1)
        await _say(task)
        await _until(lambda: KINDS["conversation.item.truncated"] > 0, "truncated")
        FOUND["interrupted"] = KINDS["input_audio_buffer.speech_started"] - 1
        await _replies(2)
    elif CONVERSATION == "expiry":
        await task.queue_frames([LLMRunFrame()])  # it cannot come back before it has spoken
        await _until(lambda: KINDS["error"], "the end of the session")
        FOUND["errors"] = [words for words in FOUND["errors"] if "session_expired" not in words]
        await service.reset_conversation()
        await _until(lambda: KINDS["session.updated"] > 1, "a second session")
        FOUND["audio"] = 0
        # As an audio output would say once the first answer has been heard.
        await task.queue_frames([BotStoppedSpeakingFrame()])
        await _say(task)
        await _replies(2)


async def main():
    service = _service()
    look_up = FunctionSchema(
        name="look_up",
        description="Look something up.",
        properties={"city": {"type": "string"}},
        required=["city"],
    )
    context = LLMContext([{"role": "user", "content": "Say hello!"}], ToolsSchema([look_up]))
    both = LLMContextAggregatorPair(context)
    task = PipelineTask(
        Pipeline([both.user(), service, Ear(), both.assistant()]),
        params=PipelineParams(audio_in_sample_rate=24_000, audio_out_sample_rate=24_000),
    )

    async def hold():
        try:
            await _hold(task, service)
        except Exception as error:
            FOUND["errors"].append(f"{type(error).__name__}: {error}")
        await task.cancel()

    holding = asyncio.create_task(hold())
    await PipelineRunner(handle_sigint=False).run(task)
    await holding
    print(json.dumps(FOUND | {"kinds": KINDS}))


logger.remove()
asyncio.run(main())
