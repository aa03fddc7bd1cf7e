"""Cartesia: speech from `/tts/bytes`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from harness.cascade.providers.base import Json, Sound
from harness.cascade.providers.http import Http
from harness.cascade.providers.openai import bearer
from harness.cascade.settings import ProviderSettings

_RATE_HZ = 24_000
_VERSION = "2026-03-01"  # of the API, by its reference


class CartesiaTextToSpeech:
    """`POST /tts/bytes`: raw samples as they come."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        headers = {"Cartesia-Version": _VERSION, **bearer(key)}
        self._settings, self._http = settings, Http("TTS", settings.url, headers)

    async def speak(self, text: str) -> AsyncGenerator[Sound]:
        """See `TextToSpeech`."""
        given = self._settings
        form: Json = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": _RATE_HZ}
        asked: Json = {"model_id": given.model, "transcript": text, "output_format": form}
        asked |= {"voice": {"mode": "id", "id": given.voice}, **given.options}
        async with self._http.stream("/tts/bytes", json=asked) as body, aclosing(body):
            async for piece in body:
                yield Sound(piece, _RATE_HZ)

    async def close(self) -> None:
        """See `TextToSpeech`."""
        await self._http.close()
