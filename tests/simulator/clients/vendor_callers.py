# mypy: ignore-errors
"""One turn of an official SDK with the simulated agent of its vendor.

Usage: vendor_callers.py VENDOR PORT AUDIO, where AUDIO is linear and at the vendor's rate. The last
line of the output is what was heard, as JSON.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

FRAME_S = 0.02


async def gemini(port: str, audio: bytes) -> dict:
    from google import genai
    from google.genai import types

    # It speaks TLS only; SSL_CERT_FILE names the simulator's certificate.
    options = types.HttpOptions(base_url=f"https://localhost:{port}", api_version="v1beta")
    client = genai.Client(api_key="none", http_options=options)
    heard, ended = 0, False
    async with client.aio.live.connect(
        model="any", config={"response_modalities": ["AUDIO"]}
    ) as session:

        async def speak() -> None:
            size = int(16_000 * FRAME_S) * 2
            for at in range(0, len(audio), size):
                blob = types.Blob(data=audio[at : at + size], mime_type="audio/pcm;rate=16000")
                await session.send_realtime_input(audio=blob)
                await asyncio.sleep(FRAME_S)

        speaking = asyncio.create_task(speak())
        async for message in session.receive():
            heard += len(message.data or b"")
            content = message.server_content
            ended = ended or bool(content and content.turn_complete)
        speaking.cancel()
    return {"audio": heard, "ended": ended}


def elevenlabs(port: str, audio: bytes) -> dict:
    from elevenlabs.client import ElevenLabs
    from elevenlabs.conversational_ai.conversation import AudioInterface, Conversation

    heard, enough = bytearray(), threading.Event()

    class Line(AudioInterface):
        def start(self, input_callback) -> None:
            def speak() -> None:
                size = int(16_000 * FRAME_S) * 2
                for at in range(0, len(audio), size):
                    input_callback(audio[at : at + size])
                    time.sleep(FRAME_S)

            threading.Thread(target=speak, daemon=True).start()

        def stop(self) -> None:
            pass

        def output(self, audio: bytes) -> None:
            heard.extend(audio)
            enough.set()

        def interrupt(self) -> None:
            pass

    client = ElevenLabs(api_key="none", base_url=f"http://127.0.0.1:{port}")
    conversation = Conversation(client, "agent", requires_auth=False, audio_interface=Line())
    conversation.start_session()
    ended = enough.wait(20)
    conversation.end_session()
    return {"audio": len(heard), "ended": ended, "id": conversation.wait_for_session_end()}


def deepgram(port: str, audio: bytes) -> dict:
    from deepgram import DeepgramClient
    from deepgram.agent.v1.types import AgentV1Settings
    from deepgram.environment import DeepgramClientEnvironment

    http, ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    environment = DeepgramClientEnvironment(base=http, production=ws, agent=ws, agent_rest=http)
    client = DeepgramClient(api_key="none", environment=environment)
    linear = {"encoding": "linear16", "sample_rate": 24_000}
    settings = {
        "type": "Settings",
        "audio": {"input": linear, "output": {**linear, "container": "none"}},
        "agent": {"think": {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}}},
    }
    heard, kinds = 0, []
    with client.agent.v1.connect() as socket:
        for message in socket:
            if isinstance(message, bytes):
                heard += len(message)
                continue
            kinds.append(message.type)
            if message.type == "Welcome":
                socket.send_settings(AgentV1Settings.model_validate(settings))

                def speak() -> None:
                    size = int(24_000 * FRAME_S) * 2
                    for at in range(0, len(audio), size):
                        socket.send_media(audio[at : at + size])
                        time.sleep(FRAME_S)

                threading.Thread(target=speak, daemon=True).start()
            if message.type == "AgentAudioDone":
                break
    return {"audio": heard, "ended": "AgentAudioDone" in kinds, "kinds": kinds}


if __name__ == "__main__":
    vendor, port, path = sys.argv[1:]
    sound = Path(path).read_bytes()
    if vendor == "gemini":
        found = asyncio.run(asyncio.wait_for(gemini(port, sound), 30))
    else:
        found = {"elevenlabs": elevenlabs, "deepgram": deepgram}[vendor](port, sound)
    print(json.dumps(found), flush=True)
