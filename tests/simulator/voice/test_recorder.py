import asyncio
import base64
import wave
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import BadInput
from harness.simulator import Simulator, SimulatorConfig
from harness.simulator.voice.recorder import Recorder
from harness.simulator.voice.sound_formats import MULAW, PCM

Audio = NDArray[np.int16]
Opened = Callable[..., AbstractAsyncContextManager[Any]]


def _read(path: Path) -> tuple[int, Audio]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(10**7), dtype="<i2")


def test_what_was_heard_is_what_was_said_to_the_sample(
    opened: Opened, quick: SimulatorConfig, utterance: Audio, tmp_path: Path
) -> None:
    async def talk() -> None:
        async with opened(replace(quick, heard=tmp_path / "new" / "folder")) as client:
            await client.say(utterance)
            await client.until("rate_limits.updated")
            await client.say(utterance[:1001])
            await client.send("input_audio_buffer.clear")
            await client.until("input_audio_buffer.cleared")

    asyncio.run(talk())
    (path,) = (tmp_path / "new" / "folder").iterdir()
    assert path.name.startswith("sess_")
    rate_hz, heard = _read(path)
    assert rate_hz == 24_000
    assert np.array_equal(heard, np.concatenate((utterance, utterance[:1001])))


def test_caller_item_is_retrieved_with_the_audio_it_was_made_of(
    opened: Opened, quick: SimulatorConfig, utterance: Audio
) -> None:
    """By VAD from the padding to the end that was told; by commit all that was in the buffer."""

    async def retrieved(client: Any) -> Audio:
        item_id = (await client.until("input_audio_buffer.committed"))["item_id"]
        await client.send("conversation.item.retrieve", item_id=item_id)
        item = (await client.until("conversation.item.retrieved"))["item"]
        return np.frombuffer(base64.b64decode(item["content"][0]["audio"]), dtype="<i2")

    async def talk() -> None:
        async with opened(quick) as client:
            said = np.concatenate((np.zeros(48_000, dtype=np.int16), utterance))
            await client.say(said)
            started = await client.until("input_audio_buffer.speech_started")
            stopped = await client.until("input_audio_buffer.speech_stopped")
            span = slice(started["audio_start_ms"] * 24, stopped["audio_end_ms"] * 24)
            assert np.array_equal(await retrieved(client), said[span])
            manual = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
            await client.send("session.update", session=manual)
            await client.send("input_audio_buffer.clear")
            await client.say(utterance[1_001:])
            await client.send("input_audio_buffer.commit")
            assert np.array_equal(await retrieved(client), utterance[1_001:])

    asyncio.run(talk())


def test_other_format_begins_another_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "s")
    recorder(PCM.silence(5), PCM)
    recorder(MULAW.silence(7), MULAW)
    recorder.close()
    recorder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s-2.wav", "s.wav"]
    rate_hz, heard = _read(tmp_path / "s-2.wav")
    assert (rate_hz, len(heard)) == (8_000, 7)


def test_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def start() -> None:
        await Simulator(SimulatorConfig(heard=tmp_path / "file" / "x", responses=1)).start()

    with pytest.raises(BadInput, match="heard"):
        asyncio.run(start())
