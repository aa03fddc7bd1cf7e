# mypy: ignore-errors
"""Both sides of Amazon Connect's contract, in the objects of A2A's own SDK.

Every message that comes is read strictly: a key or an enumerated value that A2A does not have ends
the program with an error.

Usage: a2a_programs.py agent PORT: an agent that hears 24 kHz if it is proposed and answers with a
tone of 16 kHz after 300 ms of silence.
Or: a2a_programs.py caller ADDRESS AUDIO: one turn of linear audio at 16 kHz; the last line of the
output is what was heard, as JSON.
"""

import array
import asyncio
import json
import math
import sys
from pathlib import Path

from a2a.types import a2a_pb2 as a2a
from google.protobuf.json_format import MessageToDict, ParseDict
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

EXT = "https://docs.aws.amazon.com/connect/a2a/ext/v1"
KIND = f"{EXT}/eventType"
SAYS_HZ, SILENCE_MS, LOUD, FRAME_S = 16_000, 300, 300.0, 0.02


def pcm(rate_hz: int) -> dict:
    shape = {"sampleRateHertz": rate_hz, "sampleSizeBits": 16, "channelCount": 1}
    return {"encoding": "LINEAR_PCM", **shape}


def message(kind: str, data: dict, context: str, role: int) -> a2a.Message:
    told = a2a.Message(message_id=kind, context_id=context, role=role, extensions=[EXT])
    part = told.parts.add(media_type="application/json")
    ParseDict(data, part.data)
    told.metadata[KIND] = kind
    return told


def tone() -> bytes:
    """Return a second of sound."""
    turn = 2 * math.pi * 440 / SAYS_HZ
    return array.array("h", (int(8_000 * math.sin(turn * n)) for n in range(SAYS_HZ))).tobytes()


class Agent:
    """One session of the agent."""

    def __init__(self, socket) -> None:
        self.socket, self.context, self.turns = socket, "", 0
        self.hears_hz, self.quiet_ms, self.ready = 0, None, False

    async def run(self) -> None:
        async for frame in self.socket:
            request = json.loads(frame)
            assert (request["jsonrpc"], request["method"]) == ("2.0", "SendMessage"), request
            said = ParseDict(request["params"], a2a.SendMessageRequest()).message
            assert said.role == a2a.ROLE_USER, request
            await self.take(request["id"], said)

    async def take(self, number: str, said: a2a.Message) -> None:
        kind = MessageToDict(said.metadata).get(KIND, "")
        (part,) = said.parts
        if kind == "INIT_SESSION":
            self.context = said.context_id
            proposed = MessageToDict(part.data)["initSession"]
            self.hears_hz = int(proposed["audioInputConfiguration"]["sampleRateHertz"])
            accepted = {"statusCode": "200", "audioOutputConfiguration": pcm(SAYS_HZ)}
            answer = {"initSessionResponse": accepted}
            told = message("INIT_SESSION_RESPONSE", answer, self.context, a2a.ROLE_AGENT)
            await self.send(a2a.StreamResponse(message=told), number)
        elif kind == "CHANNEL_STATE":
            self.ready = MessageToDict(part.data) == {"channelState": {"state": "READY"}}
        else:
            assert said.context_id == self.context
            assert part.media_type == "audio/lpcm"
            await self.hear(part.raw)

    async def hear(self, audio: bytes) -> None:
        samples = array.array("h", audio)
        loudness = math.sqrt(sum(sample * sample for sample in samples) / len(samples))
        if loudness > LOUD:
            self.quiet_ms = 0.0
        elif self.quiet_ms is not None:
            self.quiet_ms += len(samples) * 1_000 / self.hears_hz
            if self.quiet_ms >= SILENCE_MS:
                self.quiet_ms = None
                assert self.ready, "the channel was never ready"
                await self.answer()

    async def answer(self) -> None:
        self.turns += 1
        task, audio, size = f"task-{self.turns}", tone(), 6_400
        for at in range(0, len(audio), size):
            artifact = a2a.Artifact(artifact_id=f"audio-{self.turns}")
            artifact.metadata[KIND] = "AUDIO_RESPONSE_CHUNK"
            artifact.parts.add(raw=audio[at : at + size], media_type="audio/lpcm")
            update = a2a.TaskArtifactUpdateEvent(
                task_id=task,
                context_id=self.context,
                artifact=artifact,
                append=at > 0,
                last_chunk=at + size >= len(audio),
            )
            await self.send(a2a.StreamResponse(artifact_update=update))
        status = a2a.TaskStatus(state=a2a.TASK_STATE_COMPLETED)
        ended = a2a.TaskStatusUpdateEvent(task_id=task, context_id=self.context, status=status)
        await self.send(a2a.StreamResponse(status_update=ended))

    async def send(self, result: a2a.StreamResponse, number: str = "e") -> None:
        frame = {"jsonrpc": "2.0", "id": number, "result": MessageToDict(result)}
        await self.socket.send(json.dumps(frame))


async def agent(port: str) -> None:
    async def held(socket) -> None:
        assert socket.request.headers["A2A-Extensions"] == EXT
        await Agent(socket).run()

    async with serve(held, "127.0.0.1", int(port)) as server:
        await server.serve_forever()


def request(number: int, told: a2a.Message) -> str:
    params = MessageToDict(a2a.SendMessageRequest(message=told))
    frame = {"jsonrpc": "2.0", "method": "SendMessage", "id": str(number), "params": params}
    return json.dumps(frame)


async def caller(address: str, samples: bytes) -> None:
    heard, ended = 0, ""
    async with connect(address, additional_headers={"A2A-Extensions": EXT}) as socket:
        session = {"instanceArn": "i", "contactArn": "c", "supportedFinishTypes": ["COMPLETE"]}
        formats = {f"audio{way}Configuration": pcm(16_000) for way in ("Input", "Output")}
        init = {"initSession": {**session, **formats, "history": []}}
        await socket.send(request(1, message("INIT_SESSION", init, "context", a2a.ROLE_USER)))

        async def speak() -> None:
            ready = {"channelState": {"state": "READY"}}
            await socket.send(request(2, message("CHANNEL_STATE", ready, "context", a2a.ROLE_USER)))
            size = int(16_000 * FRAME_S) * 2
            for number, at in enumerate(range(0, len(samples), size)):
                said = a2a.Message(message_id="m", context_id="context", role=a2a.ROLE_USER)
                said.parts.add(raw=samples[at : at + size], media_type="audio/lpcm")
                await socket.send(request(3 + number, said))
                await asyncio.sleep(FRAME_S)

        speaking, kinds = None, set()
        async for frame in socket:
            told = json.loads(frame)
            assert told.keys() == {"jsonrpc", "id", "result"}, told
            result = ParseDict(told["result"], a2a.StreamResponse())
            kinds.add(result.WhichOneof("payload"))
            if result.HasField("message"):
                assert told["id"] == "1", "the answer names no request"
                speaking = asyncio.create_task(speak())
            elif result.HasField("artifact_update"):
                heard += sum(len(part.raw) for part in result.artifact_update.artifact.parts)
                ended = result.artifact_update.artifact.artifact_id
                assert not result.artifact_update.last_chunk or ended
            elif result.status_update.status.state == a2a.TASK_STATE_COMPLETED:
                break
        speaking.cancel()
    print(json.dumps({"audio": heard, "ended": bool(ended), "kinds": sorted(kinds)}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["agent", port]:
            asyncio.run(agent(port))
        case ["caller", address, audio]:
            asyncio.run(caller(address, Path(audio).read_bytes()))
