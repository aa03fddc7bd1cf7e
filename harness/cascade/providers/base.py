"""What a provider does for the agent, whoever it is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Json = dict[str, Any]
Piece = TypeVar("Piece")


class ProviderFailed(Exception):
    """A provider did not do its part; no other session is concerned.

    Args:
        party: `STT`, `LLM` or `TTS`.
        did: What it did, such as `answered 429: too many requests`.
    """

    def __init__(self, party: str, did: str) -> None:
        super().__init__(f"the {party} provider {did}")
        self.party = party


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of speech: 16-bit mono samples, little-endian; pieces may end within a sample."""

    pcm: bytes
    rate_hz: int


@dataclass(frozen=True, slots=True)
class FunctionCalled:
    """The model calls a function of the session."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TokensTaken:
    """What the LLM counted for one answer."""

    read: int
    written: int


class SpeechToText(Protocol):
    """Writes down what was said."""

    async def transcribe(self, pcm: bytes, rate_hz: int) -> str:
        """Return the words of a whole turn.

        Args:
            pcm: 16-bit mono samples, little-endian.
            rate_hz: Their rate.

        Raises:
            ProviderFailed: It could not be done.
        """

    async def close(self) -> None:
        """Let go of its connections."""


class LanguageModel(Protocol):
    """Answers in text."""

    def answer(
        self, messages: list[Json], tools: list[Json]
    ) -> AsyncGenerator[str | FunctionCalled | TokensTaken]:
        """Yield an answer as it comes: pieces of text, calls, and what was counted.

        Args:
            messages: The conversation, as chat completions have it.
            tools: Functions of the session, likewise.

        Raises:
            ProviderFailed: It could not be done, or not to the end.
        """

    async def close(self) -> None:
        """Let go of its connections."""


class TextToSpeech(Protocol):
    """Speaks."""

    def speak(self, text: str) -> AsyncGenerator[Sound]:
        """Yield the speech of a sentence as it comes.

        Raises:
            ProviderFailed: It could not be done, or not to the end.
        """

    async def close(self) -> None:
        """Let go of its connections."""


async def in_time(
    pieces: AsyncGenerator[Piece], party: str, limit_s: float
) -> AsyncIterator[Piece]:
    """Yield what a provider yields, as long as it is never silent for more than the limit.

    Raises:
        ProviderFailed: It was.
    """
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout(limit_s):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise ProviderFailed(party, f"sent nothing for {limit_s:g} s") from None
            yield piece
