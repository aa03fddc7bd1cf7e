# mypy: ignore-errors
"""A telephone application and a bot of Pipecat: a tone answers the caller after 300 ms of silence.

Usage: pipecat_application.py PORT. It finds out by itself which carrier is calling.
"""

import sys
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.exotel import ExotelFrameSerializer
from pipecat.serializers.plivo import PlivoFrameSerializer
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.serializers.telnyx import TelnyxFrameSerializer
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.serializers.vonage import VonageFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport

SILENCE_MS, LOUD = 300, 300.0
app = FastAPI()


class Answer(FrameProcessor):
    """Says a second of a tone when the caller has been quiet for long enough."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet_ms: float | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, InputAudioRawFrame):
            await self.push_frame(frame, direction)
            return
        samples, rate_hz = np.frombuffer(frame.audio, "<i2").astype(float), frame.sample_rate
        if len(samples) and np.sqrt(np.mean(samples**2)) > LOUD:
            self.quiet_ms = 0.0
        elif self.quiet_ms is not None:
            self.quiet_ms += len(samples) * 1_000 / rate_hz
            if self.quiet_ms >= SILENCE_MS:
                self.quiet_ms = None
                tone = 8_000 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)
                audio = tone.astype("<i2").tobytes()
                await self.push_frame(OutputAudioRawFrame(audio, rate_hz, 1))


def serializer(carrier: str, call: Any) -> Any:
    stream, number = call["stream_id"], call["call_id"]
    match carrier:
        case "twilio":
            kind: Any = TwilioFrameSerializer
            return kind(stream, number, params=kind.InputParams(auto_hang_up=False))
        case "telnyx":
            kind = TelnyxFrameSerializer
            params = kind.InputParams(auto_hang_up=False)
            return kind(stream, call["outbound_encoding"], "PCMU", number, params=params)
        case "plivo":
            kind = PlivoFrameSerializer
            return kind(stream, number, params=kind.InputParams(auto_hang_up=False))
        case "exotel":
            return ExotelFrameSerializer(stream, number)
    raise ValueError(carrier)


async def talk(socket: WebSocket, words: Any, rate_hz: int) -> None:
    both = {"audio_in_enabled": True, "audio_out_enabled": True, "add_wav_header": False}
    params = FastAPIWebsocketParams(**both, serializer=words)
    transport = FastAPIWebsocketTransport(websocket=socket, params=params)
    rates = PipelineParams(audio_in_sample_rate=rate_hz, audio_out_sample_rate=rate_hz)
    task = PipelineTask(Pipeline([transport.input(), Answer(), transport.output()]), params=rates)

    @transport.event_handler("on_client_disconnected")
    async def gone(_transport: Any, _client: Any) -> None:
        await task.cancel()

    await PipelineRunner(handle_sigint=False).run(task)


@app.websocket("/vonage")
async def vonage(socket: WebSocket) -> None:
    await socket.accept()
    await talk(socket, VonageFrameSerializer(), 16_000)


@app.websocket("/ws-client")
async def own_socket(socket: WebSocket) -> None:
    await socket.accept()
    await talk(socket, ProtobufFrameSerializer(), 16_000)


@app.websocket("/")
async def carrier(socket: WebSocket) -> None:
    await socket.accept()
    name, call = await parse_telephony_websocket(socket)
    print(name, flush=True)
    await talk(socket, serializer(name, call), 8_000)


if __name__ == "__main__":
    logger.remove()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
