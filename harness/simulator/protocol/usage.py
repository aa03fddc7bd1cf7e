"""Tokens as the service counts them.

Rates from the service's cost guide: 10 tokens a second of the caller's audio, 20 a second of the
model's, and the transcript's text beside it. The whole conversation is read again for every
response; what the last response had already read is cached, in whole blocks of 64.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

_INPUT_TOKENS_PER_S = 10
_OUTPUT_TOKENS_PER_S = 20
_CACHE_BLOCK = 64
_CHARS_PER_TOKEN = 4  # the usual estimate for English


@dataclass(frozen=True, slots=True)
class Tokens:
    """Text and audio tokens."""

    text: int = 0
    audio: int = 0

    @property
    def total(self) -> int:
        """Both kinds together."""
        return self.text + self.audio

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.text + other.text, self.audio + other.audio)


def text_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return ceil(len(text) / _CHARS_PER_TOKEN)


def heard_tokens(duration_s: float) -> Tokens:
    """Return what the caller's speech takes."""
    return Tokens(audio=ceil(duration_s * _INPUT_TOKENS_PER_S))


def spoken_tokens(duration_s: float, transcript: str) -> Tokens:
    """Return what the model's speech takes: its audio and the transcript of it."""
    return Tokens(text_tokens(transcript), ceil(duration_s * _OUTPUT_TOKENS_PER_S))


def cached(prefix: Tokens) -> Tokens:
    """Return the cached share of a context that begins with `prefix`, in whole blocks."""
    total = prefix.total // _CACHE_BLOCK * _CACHE_BLOCK
    if not total:
        return Tokens()
    text = total * prefix.text // prefix.total
    return Tokens(text, total - text)


def usage_object(read: Tokens, from_cache: Tokens, written: Tokens) -> dict[str, Any]:
    """Return the `usage` of a response."""
    return {
        "total_tokens": read.total + written.total,
        "input_tokens": read.total,
        "output_tokens": written.total,
        "input_token_details": {
            "text_tokens": read.text,
            "audio_tokens": read.audio,
            "image_tokens": 0,
            "cached_tokens": from_cache.total,
            "cached_tokens_details": {
                "text_tokens": from_cache.text,
                "audio_tokens": from_cache.audio,
                "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": written.text, "audio_tokens": written.audio},
    }
