# mypy: ignore-errors
"""A speech server made with the Wyoming project's own package; nobody recognises or speaks here.

Its transcript is how much it was given to hear; its speech is a tone, long as the text.

    python wyoming_server.py PORT
"""

import asyncio
import math
import struct
import sys

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

RATE_HZ = 22_050


class Handler(AsyncEventHandler):
    """One connection."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._convert = AudioChunkConverter(rate=16_000, width=2, channels=1)
        self._heard = b""
        self._asked = False

    async def handle_event(self, event: Event) -> bool:
        """Take one event; return whether more are wanted."""
        if Transcribe.is_type(event.type):
            self._asked = Transcribe.from_event(event).language == "en"
        elif AudioChunk.is_type(event.type):
            self._heard += self._convert.convert(AudioChunk.from_event(event)).audio
        elif AudioStop.is_type(event.type):
            words = f"heard {len(self._heard) / 32:.0f} ms" if self._asked else ""
            await self.write_event(Transcript(text=words).event())
            return False
        elif Synthesize.is_type(event.type):
            await self._speak(Synthesize.from_event(event).text)
        return True

    async def _speak(self, text: str) -> None:
        form = {"rate": RATE_HZ, "width": 2, "channels": 1}
        await self.write_event(AudioStart(**form).event())
        for _ in text.split():
            wave = (round(8_000 * math.sin(0.1 * n)) for n in range(RATE_HZ // 5))
            piece = b"".join(struct.pack("<h", sample) for sample in wave)
            await self.write_event(AudioChunk(audio=piece, **form).event())
        await self.write_event(AudioStop().event())


asyncio.run(AsyncServer.from_uri(f"tcp://127.0.0.1:{sys.argv[1]}").run(Handler))
