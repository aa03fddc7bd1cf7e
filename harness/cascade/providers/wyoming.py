"""The Wyoming protocol, of local servers without keys: a TCP connection for each request."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from urllib.parse import urlsplit

from harness.cascade.providers.base import Json, ProviderFailed, Sound
from harness.cascade.providers.wyoming_events import Malformed, WyomingEvent, WyomingStream
from harness.cascade.settings import ProviderSettings
from harness.errors import sanitised, server_words

_READ_BYTES = 64 * 1024
_CHUNK_MS = 100
_SAMPLE_BYTES = 2


class WyomingSpeechToText:
    """`transcribe`, the audio of the whole turn, and then its `transcript`."""

    def __init__(self, settings: ProviderSettings, _key: str | None) -> None:
        self._settings = settings

    async def transcribe(self, pcm: bytes, rate_hz: int) -> str:
        """See `SpeechToText`."""
        asked = [*_transcription(self._settings), *_audio(pcm, rate_hz)]
        async with aclosing(_ask("STT", self._settings.url, asked)) as events:
            async for event in events:
                if event.kind == "transcript":
                    text = event.data.get("text")
                    if isinstance(text, str):
                        return text
                    break
        raise ProviderFailed("STT", "answered without a transcript")

    async def close(self) -> None:
        """See `SpeechToText`."""


class WyomingTextToSpeech:
    """`synthesize`, and then its audio as it comes."""

    def __init__(self, settings: ProviderSettings, _key: str | None) -> None:
        self._settings = settings

    async def speak(self, text: str) -> AsyncGenerator[Sound]:
        """See `TextToSpeech`."""
        data: Json = {"text": text, **self._settings.options}
        if self._settings.voice:
            data["voice"] = {"name": self._settings.voice}
        asked = [WyomingEvent("synthesize", data)]
        async with aclosing(_ask("TTS", self._settings.url, asked)) as events:
            async for event in events:
                if event.kind == "audio-stop":
                    return
                if event.kind == "audio-chunk":
                    yield _sound(event)
        raise ProviderFailed("TTS", "hung up in the middle")

    async def close(self) -> None:
        """See `TextToSpeech`."""


async def _ask(party: str, url: str, asked: list[WyomingEvent]) -> AsyncGenerator[WyomingEvent]:
    """Connect, say what is asked, and yield what is answered until the server hangs up."""
    address = urlsplit(url)
    stream = WyomingStream()
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            for event in asked:
                writer.write(event.encode())
            await writer.drain()
            while piece := await reader.read(_READ_BYTES):
                for event in stream.feed(piece):
                    if event.kind == "error":
                        words = server_words(event.data.get("text", ""))
                        raise ProviderFailed(party, f"answered with an error: {words}")
                    yield event
        finally:
            writer.close()
    except OSError as error:
        words = sanitised(error.strerror or error)
        raise ProviderFailed(party, f"could not be talked to: {words}") from None
    except Malformed as error:
        raise ProviderFailed(party, f"sent what is not read: {error}") from None


def _transcription(settings: ProviderSettings) -> Iterator[WyomingEvent]:
    data: Json = dict(settings.options)
    if settings.model:
        data["name"] = settings.model
    if settings.language:
        data["language"] = settings.language
    yield WyomingEvent("transcribe", data)


def _audio(pcm: bytes, rate_hz: int) -> Iterator[WyomingEvent]:
    """Yield audio as it is streamed, in pieces of a tenth of a second."""
    form: Json = {"rate": rate_hz, "width": _SAMPLE_BYTES, "channels": 1}
    yield WyomingEvent("audio-start", form)
    step = rate_hz * _CHUNK_MS // 1000 * _SAMPLE_BYTES
    for at in range(0, len(pcm), step):
        yield WyomingEvent("audio-chunk", form, pcm[at : at + step])
    yield WyomingEvent("audio-stop")


def _sound(event: WyomingEvent) -> Sound:
    rate_hz = event.data.get("rate")
    form = event.data.get("width"), event.data.get("channels")
    if form != (_SAMPLE_BYTES, 1) or not isinstance(rate_hz, int) or not 4_000 <= rate_hz <= 96_000:
        raise ProviderFailed("TTS", "sent audio that is not 16-bit mono at a usual rate")
    return Sound(event.payload, rate_hz)
