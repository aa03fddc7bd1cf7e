"""Calls in text over a real socket to the simulated application, by a stock WebSocket client."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from harness.dialects import DIALECTS
from harness.model import TruthRecord
from harness.recording import read_truth
from harness.simulator import FaultRule, Preset, Simulator, SimulatorConfig
from harness.simulator.carrier.relay import RELAYS

QUICK = Preset(name="quick", shift_ms=0, median_ms=30, sigma=0.2, lead_median_ms=40, lead_sigma=0.7)
PROMPT = {"type": "prompt", "voicePrompt": "Hello", "lang": "en-US", "last": True}
Said = list[dict[str, Any]]


def call(
    speak: Callable[[ClientConnection], Coroutine[Any, Any, Said]],
    truth: Path,
    *faults: FaultRule,
) -> tuple[Said, tuple[TruthRecord, ...]]:
    async def run() -> Said:
        config = SimulatorConfig(preset=QUICK, truth=truth / "truth.jsonl", faults=faults)
        simulator = Simulator(config)
        port = await simulator.start()
        try:
            async with connect(f"ws://127.0.0.1:{port}/{RELAYS[0]}") as socket:
                await send(socket, {"type": "setup", "sessionId": "VX1"})
                return await speak(socket)
        finally:
            await simulator.stop()

    said = asyncio.run(run())
    return said, tuple(read_truth(truth))


async def send(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(json.dumps(message))


async def until_last(socket: ClientConnection) -> Said:
    said: Said = []
    while not said or not said[-1]["last"]:
        said.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
    return said


def test_every_relay_is_a_dialect() -> None:
    assert [name for name, make in DIALECTS.items() if make().facts.in_text] == list(RELAYS)


def test_a_prompt_is_answered_word_by_word_and_the_truth_is_kept(tmp_path: Path) -> None:
    async def speak(socket: ClientConnection) -> Said:
        await send(socket, PROMPT | {"last": False})
        await send(socket, PROMPT)
        return await until_last(socket)

    said, (truth,) = call(speak, tmp_path)
    assert {message["type"] for message in said} == {"text"}
    assert "".join(message["token"] for message in said).strip()
    assert [message["last"] for message in said[:-1]] == [False] * (len(said) - 1)
    assert (truth.session_id, truth.turn_index, truth.fault) == ("VX1", 0, "")
    assert truth.prompt_received_ns is not None
    assert truth.first_text_released_ns is not None
    assert truth.last_text_released_ns is not None
    assert truth.prompt_received_ns < truth.first_text_released_ns < truth.last_text_released_ns


def test_an_interrupted_response_ends_without_a_last_and_the_next_prompt_is_answered(
    tmp_path: Path,
) -> None:
    async def speak(socket: ClientConnection) -> Said:
        await send(socket, PROMPT)
        first = json.loads(await asyncio.wait_for(socket.recv(), 30))
        await send(socket, {"type": "interrupt", "utteranceUntilInterrupt": "", "x": 1})
        await send(socket, PROMPT)
        return [first, *await until_last(socket)]

    said, truths = call(speak, tmp_path)
    assert sum(message["last"] for message in said) == 1
    assert [(truth.turn_index, truth.cancelled) for truth in truths] == [(0, True), (1, False)]


def test_keys_are_answered_after_the_last(tmp_path: Path) -> None:
    async def speak(socket: ClientConnection) -> Said:
        for key in "1#":
            await send(socket, {"type": "dtmf", "digit": key})
        return await until_last(socket)

    said, (truth,) = call(speak, tmp_path)
    assert said
    assert truth.prompt_received_ns is not None


def test_faults_strike_text_too(tmp_path: Path) -> None:
    async def speak(socket: ClientConnection) -> Said:
        await send(socket, PROMPT)
        with pytest.raises(ConnectionClosed):
            await until_last(socket)
        return []

    _, (truth,) = call(speak, tmp_path, FaultRule(name="reset"))
    assert truth.fault == "reset"


@pytest.mark.parametrize("wrong", ["{}", "[]", "{", b"binary"])
def test_what_is_no_message_ends_the_call(tmp_path: Path, wrong: str | bytes) -> None:
    async def speak(socket: ClientConnection) -> Said:
        await socket.send(wrong)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 30)
        return []

    call(speak, tmp_path)
