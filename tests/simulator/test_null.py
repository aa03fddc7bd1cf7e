"""Null mode on a socket, and what the command line makes of its options."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from harness.cli.app import run
from harness.errors import ExitCode
from harness.simulator import FAULTS, CapacityRule, DeltaSizes, Simulator, SimulatorConfig, ToolRule
from harness.simulator.protocol import event_order

Audio = NDArray[np.int16]
Opened = Callable[..., AbstractAsyncContextManager[Any]]


def test_turns_end_with_the_last_sample_that_is_not_zero(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, tmp_path: Path
) -> None:
    path = tmp_path / "truth.jsonl"
    whisper = utterance // 1000  # far too quiet to be heard as speech

    async def talk() -> None:
        async with opened(replace(quick, null=True, truth=path)) as client:
            client.drain()
            for _ in range(2):
                await client.say(whisper)
                await client.until("rate_limits.updated")
                kinds = [kind for kind in client.kinds if kind not in event_order.DELTAS]
                assert tuple(kinds) == event_order.VAD_TURN_HEAD + event_order.TURN_TAIL
                client.drain()

    asyncio.run(talk())
    last = int(np.flatnonzero(whisper)[-1])
    truths = [json.loads(line) for line in path.read_text().splitlines()]
    assert [truth["heard_end_sample"] for truth in truths] == [last, 48_000 + last]


def test_silence_that_is_known_is_silence_in_every_format(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    """The message of silence that is known by heart must not outlive its format."""

    async def talk() -> None:
        async with opened(replace(quick, null=True)) as client:
            await client.say(np.zeros(4_800, dtype=np.int16))
            wire = {"format": {"type": "audio/pcmu"}}
            session = {"type": "realtime", "audio": {"input": wire}}
            await client.send("session.update", session=session)
            await client.until("session.updated")
            await client.say(np.zeros(480, dtype=np.int16))  # zeros are loud in this format
            await client.until("input_audio_buffer.speech_started")

    asyncio.run(talk())


def test_no_session_stays_behind(quick: SimulatorConfig) -> None:
    async def come_and_go() -> None:
        simulator = Simulator(quick)
        url = f"ws://127.0.0.1:{await simulator.start()}/v1/realtime?model=m"
        for _ in range(20):
            async with connect(url) as client:
                await client.send('{"type":"response.create"}')
                await client.recv()
        async with asyncio.timeout(10):
            while simulator._connections:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await simulator.stop()

    asyncio.run(come_and_go())


def test_command_lists_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulator", "--fault", "list"]) == ExitCode.PASS
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == list(FAULTS)


@pytest.mark.parametrize(
    "options",
    [["--fault", "nonsense"], ["--fault", "gap=7"], ["--preset", "x"], ["--config", "no.toml"],
     ["--cert", "no.pem", "--port", "0"], ["--speed", "0"], ["--delta-ms", "1,2,3"],
     ["--delta-ms", "0"], ["--tool", "f=much"], ["--service-ms", "5"], ["--slots", "0"],
     ["--corpus", "/no/such/folder"]],
)  # fmt: skip
def test_command_refuses_what_it_cannot_do_in_one_line(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["simulator", *options]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_options_beat_the_file_and_loopback_is_left_only_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []

    def serve(config: SimulatorConfig, **_more: Any) -> None:
        served.append(config)

    monkeypatch.setattr("harness.cli.simulator.serve", serve)
    path = tmp_path / "simulator.toml"
    path.write_text("[server]\nport = 1\nseed = 9\n[faults]\ngap = 0.5\n")
    run(["simulator", "--config", str(path), "--port", "2", "--fault", "burst@1"])
    assert "beyond this machine" not in capsys.readouterr().err
    run(["simulator", "--host", "0.0.0.0", "--null"])
    assert "beyond this machine, on 0.0.0.0" in capsys.readouterr().err
    words = "--tool f@2 --slots 3 --service-ms 20 --delta-ms 20,200 --port 0"
    run(["simulator", *words.split()])
    run(["simulator", "--config", str(path), "--slots", "7"])
    first, second, third, fourth = served
    assert third.tools == ToolRule(name="f", turns=(2,))
    assert third.capacity == CapacityRule(slots=3, service_ms=20)
    assert third.delta_sizes == DeltaSizes(20, 20, 200)
    assert fourth.capacity == CapacityRule(slots=7)
    assert (first.port, first.seed) == (2, 9)
    assert [rule.name for rule in first.faults] == ["gap", "burst"]
    assert (second.port, second.null, second.preset.name) == (8765, True, "null")
