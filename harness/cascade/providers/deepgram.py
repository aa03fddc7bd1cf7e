"""Deepgram: a whole turn to `/listen`, and speech from `/speak`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from harness.cascade.providers.base import ProviderFailed, Sound
from harness.cascade.providers.http import Http
from harness.cascade.providers.openai import wav
from harness.cascade.settings import ProviderSettings

_RATE_HZ = 24_000


class DeepgramSpeechToText:
    """`POST /listen`: pre-recorded speech, as a WAV file."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        self._settings, self._http = settings, Http("STT", settings.url, _token(key))

    async def transcribe(self, pcm: bytes, rate_hz: int) -> str:
        """See `SpeechToText`."""
        given = self._settings
        asked = {"model": given.model, "smart_format": "true", **given.options}
        if given.language:
            asked["language"] = given.language
        kind = {"Content-Type": "audio/wav"}
        found = await self._http.post(
            "/listen", params=asked, content=wav(pcm, rate_hz), headers=kind
        )
        text = _dig(found, "results", "channels", 0, "alternatives", 0, "transcript")
        if not isinstance(text, str):
            raise ProviderFailed("STT", "answered without a transcript")
        return text

    async def close(self) -> None:
        """See `SpeechToText`."""
        await self._http.close()


class DeepgramTextToSpeech:
    """`POST /speak`: raw samples as they come. The model is the voice."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        self._settings, self._http = settings, Http("TTS", settings.url, _token(key))

    async def speak(self, text: str) -> AsyncGenerator[Sound]:
        """See `TextToSpeech`."""
        given = self._settings
        asked = {"model": given.voice or given.model, "encoding": "linear16", "container": "none"}
        asked |= {"sample_rate": str(_RATE_HZ), **given.options}
        request = self._http.stream("/speak", params=asked, json={"text": text})
        async with request as body, aclosing(body):
            async for piece in body:
                yield Sound(piece, _RATE_HZ)

    async def close(self) -> None:
        """See `TextToSpeech`."""
        await self._http.close()


def _token(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Token {key}"}


def _dig(found: Any, *path: str | int) -> Any:
    """Return what lies at a path of names and places, `None` where that leads nowhere."""
    for step in path:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return None
    return found
