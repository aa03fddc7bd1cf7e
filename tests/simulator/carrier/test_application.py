"""Calls over a real socket to the simulated applications, by a stock WebSocket client."""

import asyncio
import base64
import json
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect

from harness.corpus import encode_utterance, speech_like
from harness.model import AudioFormat, Encoding, Utterance
from harness.simulator import Preset, Simulator, SimulatorConfig
from harness.simulator.carrier.application import CarrierApplication
from harness.simulator.carrier.words import CARRIERS

ULAW = AudioFormat(8_000, Encoding.MULAW)
QUICK = Preset(name="quick", shift_ms=0, median_ms=30, sigma=0.2, lead_median_ms=40, lead_sigma=0.7)
STREAM = "MZ1"


def _speech(seconds: float) -> bytes:
    samples = speech_like(np.random.default_rng(3), seconds, ULAW.rate_hz)
    utterance = Utterance(
        id="u",
        samples=samples,
        rate_hz=ULAW.rate_hz,
        speech_onset_sample=0,
        speech_end_sample=len(samples) - 1,
        end_uncertainty_ms=0.0,
    )
    return encode_utterance(utterance, ULAW).audio


async def _media(socket: ClientConnection, audio: bytes) -> None:
    for at in range(0, len(audio), 160):
        payload = base64.b64encode(audio[at : at + 160]).decode()
        await socket.send(
            json.dumps({"event": "media", "streamSid": STREAM, "media": {"payload": payload}})
        )


async def _start(socket: ClientConnection) -> None:
    await socket.send(json.dumps({"event": "connected"}))
    await socket.send(json.dumps({"event": "start", "streamSid": STREAM, "start": {}}))


async def _until(socket: ClientConnection, event: str) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    while not said or said[-1]["event"] != event:
        said.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
    return said


def test_it_answers_with_media_and_a_mark_and_clears_when_it_is_interrupted() -> None:
    async def call() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        simulator = Simulator(SimulatorConfig(preset=QUICK, speed=1_000.0))
        port = await simulator.start()
        try:
            async with connect(f"ws://127.0.0.1:{port}/twilio") as socket:
                await _start(socket)
                await _media(socket, _speech(1.0) + b"\xff" * 8_000)
                answered = await _until(socket, "mark")
                await _media(socket, _speech(1.0))
                return answered, await _until(socket, "clear")
        finally:
            await simulator.stop()

    answered, interrupted = asyncio.run(call())
    assert {message["event"] for message in answered} == {"media", "mark"}
    assert all(message["streamSid"] == STREAM for message in answered + interrupted)
    audio = b"".join(base64.b64decode(m["media"]["payload"]) for m in answered[:-1])
    assert len(audio) > 1_000


def test_an_application_with_linear_audio_in_binary_messages_answers_in_kind() -> None:
    silence = bytes(2 * 16_000)
    loud = np.tile(np.array([8_000, -8_000], "<i2"), 8_000).tobytes()

    async def call() -> list[str | bytes]:
        simulator = Simulator(SimulatorConfig(preset=QUICK, speed=1_000.0))
        port = await simulator.start()
        try:
            async with connect(f"ws://127.0.0.1:{port}/vonage") as socket:
                kind = "audio/l16;rate=16000"
                first = {"event": "websocket:connected", "content-type": kind}
                await socket.send(json.dumps(first))
                audio = loud + silence
                for at in range(0, len(audio), 640):
                    await socket.send(audio[at : at + 640])
                said: list[str | bytes] = []
                while not said or isinstance(said[-1], bytes):
                    said.append(await asyncio.wait_for(socket.recv(), 30))
                return said
        finally:
            await simulator.stop()

    *audio, mark = asyncio.run(call())
    assert len(audio) > 3
    assert json.loads(mark) == {"action": "notify", "payload": {"name": "response-1"}}


@pytest.mark.parametrize("message", ["no json", b"binary"])
def test_what_is_no_message_of_a_stream_ends_the_call(message: str | bytes) -> None:
    async def call() -> int | None:
        simulator = Simulator(SimulatorConfig(preset=QUICK))
        port = await simulator.start()
        try:
            async with connect(f"ws://127.0.0.1:{port}/twilio") as socket:
                await _start(socket)
                await socket.send(message)
                await asyncio.wait_for(socket.wait_closed(), 30)
                return socket.close_code
        finally:
            await simulator.stop()

    assert asyncio.run(call()) == 1003


class _Line:
    """The carrier's connection, and the service's session: keeps audio, takes the rest."""

    def __init__(self) -> None:
        self.audio: list[bytes] = []

    def send(self, _message: bytes) -> None:
        pass

    def send_binary(self, message: bytes) -> None:
        self.audio.append(message)

    def open(self) -> None:
        pass

    def receive(self, _message: bytes, _received_ns: int) -> None:
        pass


def test_nothing_of_a_response_is_heard_in_the_next() -> None:
    line = _Line()
    application = CarrierApplication(line, CARRIERS["vonage"], lambda *_: line)  # type: ignore[arg-type]
    start = {"event": "websocket:connected", "content-type": "audio/l16;rate=16000"}
    application.receive(json.dumps(start).encode(), 0)
    for samples in (np.full(2_401, 20_000, "<i2"), np.zeros(2_400, "<i2")):
        delta = base64.b64encode(samples.tobytes()).decode()
        application.send(b'{"type":"response.created"}')
        application.send(
            json.dumps({"type": "response.output_audio.delta", "delta": delta}).encode()
        )
    loud, quiet = (np.frombuffer(audio, "<i2") for audio in line.audio)
    assert loud.any()
    assert not quiet.any()
