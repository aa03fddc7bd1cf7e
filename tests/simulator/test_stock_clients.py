"""Complete conversations of the official clients with the simulator.

Both take seconds to load, and only whoever runs these tests does so, not whoever collects them.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.simulator import Simulator, SimulatorConfig, ToolRule, parse_fault

if TYPE_CHECKING:
    from agents.realtime import RealtimeSession
    from openai import AsyncOpenAI
    from openai.resources.realtime.realtime import AsyncRealtimeConnection
    from openai.types.websocket_reconnection import ReconnectingEvent, ReconnectingOverrides

Audio = NDArray[np.int16]
_MODEL = "gpt-realtime-2.1"
_FRAME = 480


@asynccontextmanager
async def _served(config: SimulatorConfig) -> AsyncIterator[str]:
    """Run a simulator and hand out its address without a scheme."""
    simulator = Simulator(config)
    try:
        async with asyncio.timeout(20):
            yield f"127.0.0.1:{await simulator.start()}/v1"
    finally:
        await simulator.stop()


def _client(address: str, key: str = "any") -> "AsyncOpenAI":
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        api_key=key, base_url=f"http://{address}", websocket_base_url=f"ws://{address}"
    )


async def _say(connection: "AsyncRealtimeConnection", samples: Audio) -> None:
    for start in range(0, len(samples), _FRAME):
        frame = samples[start : start + _FRAME].astype("<i2").tobytes()
        await connection.input_audio_buffer.append(audio=base64.b64encode(frame).decode())


async def _until(connection: "AsyncRealtimeConnection", kind: str) -> Any:
    async for event in connection:
        assert event.type != "error", event
        if event.type == kind:
            return event
    raise AssertionError("the connection ended")


def test_openai_holds_turns_by_vad_and_by_commit(quick: SimulatorConfig, utterance: Audio) -> None:
    async def talk() -> None:
        async with (
            _served(quick) as address,
            _client(address) as client,
            client.realtime.connect(model=_MODEL) as connection,
        ):
            await _until(connection, "session.created")
            await _say(connection, utterance)
            audio = await _until(connection, "response.output_audio.delta")
            assert base64.b64decode(audio.delta)
            done = await _until(connection, "response.done")
            assert done.response.status == "completed"
            detection: Any = {"input": {"turn_detection": None}}
            await connection.session.update(session={"type": "realtime", "audio": detection})
            updated = await _until(connection, "session.updated")
            assert updated.session.audio.input.turn_detection is None
            await _say(connection, utterance)
            await connection.input_audio_buffer.commit()
            await connection.response.create()
            done = await _until(connection, "response.done")
            assert done.response.usage.input_tokens > 0

    asyncio.run(talk())


def test_openai_answers_a_function_call(quick: SimulatorConfig) -> None:
    async def talk() -> None:
        config = replace(quick, tools=ToolRule(turns=(0,)))
        async with (
            _served(config) as address,
            _client(address) as client,
            client.realtime.connect(model=_MODEL) as connection,
        ):
            tool: Any = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}
            await connection.session.update(session={"type": "realtime", "tools": [tool]})
            await connection.response.create()
            call = await _until(connection, "response.function_call_arguments.done")
            assert call.name == "look_up"
            await _until(connection, "response.done")
            await connection.conversation.item.create(
                item={"type": "function_call_output", "call_id": call.call_id, "output": "42"}
            )
            await connection.response.create()
            done = await _until(connection, "response.done")
            assert done.response.output[0].content[0].transcript

    asyncio.run(talk())


def test_openai_interrupts_and_truncates(quick: SimulatorConfig, utterance: Audio) -> None:
    async def talk() -> None:
        async with (
            _served(replace(quick, speed=1)) as address,
            _client(address) as client,
            client.realtime.connect(model=_MODEL) as connection,
        ):
            await _say(connection, utterance)
            heard = await _until(connection, "response.output_audio.delta")
            await _say(connection, utterance[:24_000])
            done = await _until(connection, "response.done")
            assert done.response.status == "cancelled"
            assert done.response.status_details.reason == "turn_detected"
            await connection.conversation.item.truncate(
                item_id=heard.item_id, content_index=0, audio_end_ms=20
            )
            cut = await _until(connection, "conversation.item.truncated")
            assert cut.audio_end_ms == 20

    asyncio.run(talk())


def test_openai_reconnects_after_expiry(quick: SimulatorConfig) -> None:
    closings = []

    def again(event: "ReconnectingEvent") -> "ReconnectingOverrides | None":
        closings.append(event.close_code)
        return None

    async def talk() -> None:
        async with (
            _served(replace(quick, session_limit_s=0.3)) as address,
            _client(address) as client,
            client.realtime.connect(
                model=_MODEL, on_reconnecting=again, initial_delay=0.01
            ) as connection,
        ):
            created, expired = 0, 0
            async for event in connection:
                created += event.type == "session.created"
                if event.type == "error":
                    assert event.error.code == "session_expired"
                    expired += 1
                if created == 2:
                    break
            assert expired == 1

    asyncio.run(talk())
    assert closings == [1001]


def test_openai_mints_an_ephemeral_key_and_opens_a_session_with_it(
    quick: SimulatorConfig,
) -> None:
    async def talk() -> None:
        async with _served(replace(quick, api_key="right")) as address:
            async with _client(address, "right") as client:
                minted = await client.realtime.client_secrets.create(
                    expires_after={"anchor": "created_at", "seconds": 60},
                    session={"type": "realtime", "model": _MODEL, "instructions": "Be brief."},
                )
            assert minted.value.startswith("ek_")
            async with (
                _client(address, minted.value) as client,
                client.realtime.connect(model=_MODEL) as connection,
            ):
                created = await _until(connection, "session.created")
                assert created.session.instructions == "Be brief."
                assert created.session.id != minted.session.id

    asyncio.run(talk())


async def _speak(session: "RealtimeSession", samples: Audio) -> None:
    """Say something and then nothing: these agents ask for semantic VAD, which may wait 4 s."""
    silence = np.zeros(4 * 24_000, dtype=np.int16)
    await session.send_audio(np.concatenate((samples, silence)).astype("<i2").tobytes())


@asynccontextmanager
async def _agent_session(address: str, tools: list[Any]) -> AsyncIterator["RealtimeSession"]:
    from agents import set_tracing_disabled
    from agents.realtime import RealtimeAgent, RealtimeRunner

    set_tracing_disabled(True)
    agent = RealtimeAgent(name="Agent", instructions="Help.", tools=tools)
    runner = RealtimeRunner(agent)
    model_config: Any = {"api_key": "any", "url": f"ws://{address}/realtime?model={_MODEL}"}
    async with await runner.run(model_config=model_config) as session:
        yield session


async def _next(session: "RealtimeSession", wanted: Callable[[Any], bool]) -> Any:
    async for event in session:
        assert event.type != "error", event
        if wanted(event):
            return event
    raise AssertionError("the session ended")


def _of_type(kind: str) -> Callable[[Any], bool]:
    return lambda event: event.type == kind


def test_agents_hold_a_turn_with_a_transcript_and_its_history(
    quick: SimulatorConfig, utterance: Audio
) -> None:
    async def talk() -> None:
        async with _served(quick) as address, _agent_session(address, []) as session:
            await _speak(session, utterance)
            audio = await _next(session, _of_type("audio"))
            assert audio.audio.data
            await _next(session, _of_type("audio_end"))

            def both_known(event: Any) -> bool:
                if event.type != "history_updated":
                    return False
                parts = [item.content[0].transcript for item in event.history if item.content]
                return len(parts) == 2 and all(parts)

            history = (await _next(session, both_known)).history
            assert [item.role for item in history] == ["user", "assistant"]

    asyncio.run(talk())


def test_agents_run_a_tool_and_speak_its_answer(quick: SimulatorConfig) -> None:
    from agents import function_tool

    called = []

    @function_tool
    def look_up(city: str, days: int) -> str:
        """Look something up."""
        called.append((city, days))
        return "rain"

    async def talk() -> None:
        config = replace(quick, tools=ToolRule(turns=(0,)))
        async with _served(config) as address, _agent_session(address, [look_up]) as session:
            await session.send_message("What is the weather?")
            ended = await _next(session, _of_type("tool_end"))
            assert ended.output == "rain"
            await _next(session, _of_type("audio"))
            await _next(session, _of_type("audio_end"))

    asyncio.run(talk())
    assert called == [("example", 1)]


def test_agents_are_interrupted_and_truncate(quick: SimulatorConfig, utterance: Audio) -> None:
    async def talk() -> None:
        async with (
            _served(replace(quick, speed=1)) as address,
            _agent_session(address, []) as session,
        ):
            await _speak(session, utterance)
            await _next(session, _of_type("audio"))
            await _speak(session, utterance)
            await _next(session, _of_type("audio_interrupted"))
            await _next(session, _of_type("audio"))
            await _next(session, _of_type("audio_end"))

    asyncio.run(talk())


def _status(event: Any) -> Any:
    return getattr(getattr(event, "data", None), "status", None)


def test_agents_are_told_of_expiry_and_come_back(quick: SimulatorConfig, utterance: Audio) -> None:
    async def talk() -> None:
        async with _served(replace(quick, session_limit_s=0.5)) as address:
            async with _agent_session(address, []) as session:
                seen = [event async for event in session]  # it ends by itself
                (error,) = [event.error for event in seen if event.type == "error"]
                assert error.code == "session_expired"
                assert "disconnected" in [_status(event) for event in seen]
            async with _agent_session(address, []) as session:
                await session.send_message("Greet the caller.")
                await _next(session, _of_type("audio"))

    asyncio.run(talk())


@pytest.mark.parametrize("fault", ["rate_limit", "wrong_usage", "duplicated"])
def test_agents_survive_faults_that_leave_the_connection(
    quick: SimulatorConfig, utterance: Audio, fault: str
) -> None:
    async def talk() -> None:
        config = replace(quick, faults=(parse_fault(f"{fault}@0"),))
        async with _served(config) as address, _agent_session(address, []) as session:
            for _ in range(2):
                await _speak(session, utterance)

                def is_done(event: Any) -> bool:
                    data = getattr(event, "data", None)
                    raw = getattr(data, "data", None)
                    return isinstance(raw, dict) and raw.get("type") == "response.done"

                await _next(session, is_done)

    asyncio.run(talk())
