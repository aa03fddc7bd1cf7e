import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect

from harness.simulator import CallRule, CapacityRule, Preset, Simulator, SimulatorConfig, ToolRule

Json = dict[str, Any]
_MIXED = Preset(
    name="mixed", shift_ms=60, median_ms=60, sigma=0.5, lead_median_ms=20, lead_cap_ms=40
)


def _truths(path: Path, config: SimulatorConfig, sessions: int, turns: int) -> list[Json]:
    """Ask for so many responses in so many sessions at once, and read the truth log."""

    async def one(url: str) -> None:
        async with connect(url) as socket:
            for _ in range(turns):
                await socket.send('{"type":"response.create"}')
                while '"response.done"' not in str(await socket.recv()):
                    pass

    async def talk() -> None:
        simulator = Simulator(replace(config, truth=path))
        url = f"ws://127.0.0.1:{await simulator.start()}/v1/realtime?model=m"
        await asyncio.gather(*(one(url) for _ in range(sessions)))
        await simulator.stop()

    asyncio.run(talk())
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_realised_latencies_have_the_preset_s_quantiles(
    quick: SimulatorConfig, tmp_path: Path
) -> None:
    """Four binomial tests at 4 sigma: false alarm below 4 x 6.4e-5 = 0.03 % for a fresh seed.

    What is realised is what was scheduled and the server's own lateness, which depends on the
    machine: it is subtracted for the quantiles, and must never be negative.
    """
    truths = _truths(tmp_path / "t", replace(quick, preset=_MIXED), sessions=30, turns=10)
    lateness_ns = np.array([t["first_audio_released_ns"] - t["first_audio_due_ns"] for t in truths])
    assert lateness_ns.min() >= 0
    scheduled_ms = np.array(
        [(t["first_audio_due_ns"] - t["endpoint_ns"]) / 1e6 + t["lead_silence_ms"] for t in truths]
    )
    drawn_ms = np.array([truth["drawn_ms"] for truth in truths])
    assert scheduled_ms == pytest.approx(drawn_ms, abs=0.03)
    for share in (0.25, 0.5, 0.75, 0.95):
        tolerance = 4 * np.sqrt(share * (1 - share) / len(truths))
        below = np.mean(scheduled_ms < _MIXED.latency_quantile_ms(share))
        assert below == pytest.approx(share, abs=tolerance)


def test_wait_for_capacity_is_added_and_told(quick: SimulatorConfig, tmp_path: Path) -> None:
    config = replace(quick, preset=_MIXED, capacity=CapacityRule(slots=1, service_ms=40))
    truths = _truths(tmp_path / "t", config, sessions=5, turns=2)
    assert max(truth["queued_ms"] for truth in truths) > 0
    for truth in truths:
        due_ms = (truth["first_audio_due_ns"] - truth["endpoint_ns"]) / 1e6
        wanted_ms = truth["drawn_ms"] - truth["lead_silence_ms"] + truth["queued_ms"]
        assert due_ms == pytest.approx(wanted_ms, abs=0.03)


def test_open_calls_beyond_the_knee_make_every_response_wait(
    quick: SimulatorConfig, tmp_path: Path
) -> None:
    config = replace(quick, preset=_MIXED, calls=CallRule(knee=2, slower_ms=70))
    truths = _truths(tmp_path / "t", config, sessions=3, turns=1)
    assert max(truth["queued_ms"] for truth in truths) == 70
    alone = _truths(tmp_path / "u", config, sessions=2, turns=1)
    assert {truth["queued_ms"] for truth in alone} == {0}


def test_full_line_fails_the_response(quick: SimulatorConfig, tmp_path: Path) -> None:
    capacity = CapacityRule(slots=1, service_ms=1e6, longest_queue=0)
    truths = _truths(tmp_path / "t", replace(quick, capacity=capacity), sessions=2, turns=1)
    failed = [truth for truth in truths if truth["fault"] == "overload"]
    assert len(failed) == 1
    assert failed[0]["first_audio_released_ns"] is None


def test_turn_with_a_call_takes_its_latency_in_two_halves(
    quick: SimulatorConfig, tmp_path: Path
) -> None:
    preset = replace(_MIXED, sigma=0.001, tool_ms=100.0)
    path = tmp_path / "t"

    async def talk() -> None:
        config = replace(quick, preset=preset, truth=path, tools=ToolRule(turns=(0,)))
        simulator = Simulator(config)
        url = f"ws://127.0.0.1:{await simulator.start()}/v1/realtime?model=m"
        session = {"type": "realtime", "tools": [{"type": "function", "name": "f"}]}
        output = {"type": "function_call_output", "call_id": "c", "output": "1"}
        async with connect(url) as socket:
            await socket.send(json.dumps({"type": "session.update", "session": session}))
            for item in (None, output):
                if item is not None:
                    created = {"type": "conversation.item.create", "item": item}
                    await socket.send(json.dumps(created))
                await socket.send('{"type":"response.create"}')
                while '"response.done"' not in str(await socket.recv()):
                    pass
        await simulator.stop()

    asyncio.run(talk())
    call, answer = map(json.loads, path.read_text().splitlines())
    assert call["turn_index"] == answer["turn_index"] == 0
    assert call["first_audio_released_ns"] is None
    assert answer["first_audio_released_ns"] is not None
    assert call["drawn_ms"] + answer["drawn_ms"] == pytest.approx(60 + 60 + 100, rel=0.02)
