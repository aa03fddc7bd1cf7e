"""OpenAI's words for the three parts, which many servers speak: vLLM, Ollama, speaches."""

import io
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from harness.cascade.providers.base import (
    FunctionCalled,
    Json,
    ProviderFailed,
    Sound,
    TokensTaken,
)
from harness.cascade.providers.event_stream import EventStream, TooLong
from harness.cascade.providers.http import Http, refusal_words
from harness.cascade.settings import ProviderSettings

_SPEECH_RATE_HZ = 24_000  # of `response_format: pcm`, by the API reference
_DONE = b"[DONE]"
_MOST_CALLS, _MOST_ARGUMENT_CHARS = 16, 64 * 1024


class OpenAISpeechToText:
    """`POST /audio/transcriptions`: a whole turn as a WAV file."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        self._settings, self._http = settings, Http("STT", settings.url, bearer(key))

    async def transcribe(self, pcm: bytes, rate_hz: int) -> str:
        """See `SpeechToText`."""
        given = self._settings
        fields = {"model": given.model, "response_format": "json", **given.options}
        if given.language:
            fields["language"] = given.language
        file = ("speech.wav", wav(pcm, rate_hz), "audio/wav")
        found = await self._http.post("/audio/transcriptions", data=fields, files={"file": file})
        text = found.get("text")
        if not isinstance(text, str):
            raise ProviderFailed("STT", "answered without a text")
        return text

    async def close(self) -> None:
        """See `SpeechToText`."""
        await self._http.close()


class ChatCompletions:
    """`POST /chat/completions`, streamed."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        self._settings, self._http = settings, Http("LLM", settings.url, bearer(key))

    async def answer(
        self, messages: list[Json], tools: list[Json]
    ) -> AsyncGenerator[str | FunctionCalled | TokensTaken]:
        """See `LanguageModel`."""
        asked: Json = {"model": self._settings.model, "messages": messages, "stream": True}
        asked |= {"stream_options": {"include_usage": True}, **self._settings.options}
        if tools:
            asked["tools"] = tools
        stream, answer = EventStream(), _Answer()
        async with self._http.stream("/chat/completions", json=asked) as body, aclosing(body):
            async for piece in body:
                try:
                    events = stream.feed(piece)
                except TooLong as error:
                    raise ProviderFailed("LLM", f"sent what is not read: {error}") from None
                for data in events:
                    for found in answer.take(data):
                        yield found
                if answer.done:
                    break
        for call in answer.calls():
            yield call

    async def close(self) -> None:
        """See `LanguageModel`."""
        await self._http.close()


class OpenAITextToSpeech:
    """`POST /audio/speech`, raw samples as they come."""

    def __init__(self, settings: ProviderSettings, key: str | None) -> None:
        self._settings, self._http = settings, Http("TTS", settings.url, bearer(key))

    async def speak(self, text: str) -> AsyncGenerator[Sound]:
        """See `TextToSpeech`."""
        given = self._settings
        asked = {"model": given.model, "voice": given.voice, "input": text}
        asked |= {"response_format": "pcm", **given.options}
        async with self._http.stream("/audio/speech", json=asked) as body, aclosing(body):
            async for piece in body:
                yield Sound(piece, _SPEECH_RATE_HZ)

    async def close(self) -> None:
        """See `TextToSpeech`."""
        await self._http.close()


def bearer(key: str | None) -> dict[str, str]:
    """Return the header that carries a key, nothing without one."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def wav(pcm: bytes, rate_hz: int) -> bytes:
    """Return 16-bit mono samples as a WAV file."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return held.getvalue()


class _Answer:
    """One streamed answer, chunk by chunk."""

    def __init__(self) -> None:
        self.done = False
        self._finished = False
        self._calls: dict[int, list[str]] = {}

    def take(self, data: bytes) -> list[str | FunctionCalled | TokensTaken]:
        """Read the data of one event.

        Raises:
            ProviderFailed: It is no chunk, or tells of an error.
        """
        if data.strip() == _DONE:
            self.done = True
            return []
        try:
            chunk = msgspec.json.decode(data, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError):
            raise ProviderFailed("LLM", "sent an event that is no JSON object") from None
        if chunk.get("error"):
            raise ProviderFailed("LLM", f"broke off: {refusal_words(data)}")
        found: list[str | FunctionCalled | TokensTaken] = []
        for choice in _objects(chunk.get("choices"))[:1]:
            delta = choice.get("delta")
            delta = delta if isinstance(delta, dict) else {}
            if isinstance(text := delta.get("content"), str) and text:
                found.append(text)
            for call in _objects(delta.get("tool_calls")):
                self._call(call)
            self._finished |= choice.get("finish_reason") is not None
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if isinstance(read, int) and isinstance(written, int) and min(read, written) >= 0:
                found.append(TokensTaken(read, written))
        return found

    def calls(self) -> list[FunctionCalled]:
        """Return the functions that were called, once the stream has ended.

        Raises:
            ProviderFailed: It ended in the middle of the answer.
        """
        if not (self.done or self._finished):
            raise ProviderFailed("LLM", "ended its answer in the middle")
        return [FunctionCalled(name, arguments) for name, arguments in self._calls.values() if name]

    def _call(self, piece: Json) -> None:
        index = piece.get("index", 0)
        function = piece.get("function")
        if not isinstance(index, int) or not isinstance(function, dict):
            return
        if index not in self._calls and len(self._calls) >= _MOST_CALLS:
            raise ProviderFailed("LLM", "called more functions at once than are read")
        call = self._calls.setdefault(index, ["", ""])
        call[0] += str(function.get("name") or "")
        call[1] += str(function.get("arguments") or "")
        if len(call[0]) + len(call[1]) > _MOST_ARGUMENT_CHARS:
            raise ProviderFailed("LLM", "called a function with more than is read")


def _objects(named: Any) -> list[Json]:
    return [one for one in named if isinstance(one, dict)] if isinstance(named, list) else []
