"""Tokens of audio and text, the share that comes from the cache, and the object that shows them."""

from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.protocol.usage import (
    Tokens,
    cached,
    heard_tokens,
    spoken_tokens,
    text_tokens,
    usage_object,
)


def test_a_begun_token_counts() -> None:
    assert heard_tokens(1.0) == Tokens(audio=10)
    assert heard_tokens(1.01) == Tokens(audio=11)
    assert spoken_tokens(0.51, "hello") == Tokens(text=2, audio=11)
    assert text_tokens("") == 0


def test_only_whole_blocks_are_cached() -> None:
    assert cached(Tokens(text=20, audio=43)) == Tokens()
    assert cached(Tokens(text=20, audio=44)) == Tokens(text=20, audio=44)
    assert cached(Tokens(text=50, audio=50)) == Tokens(text=32, audio=32)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_no_more_is_cached_than_was_read(text: int, audio: int) -> None:
    found = cached(Tokens(text, audio))
    assert found.total % 64 == 0
    assert text + audio - 64 < found.total <= text + audio
    assert found.text <= text
    assert found.audio <= audio


def test_the_totals_are_sums_of_the_details() -> None:
    read, written = Tokens(text=30, audio=90), Tokens(text=4, audio=20)
    found = usage_object(read, cached(read), written)
    details, from_cache = found["input_token_details"], cached(read)
    assert found["total_tokens"] == found["input_tokens"] + found["output_tokens"] == 144
    assert details["text_tokens"] + details["audio_tokens"] == found["input_tokens"]
    assert details["cached_tokens"] == 64
    assert details["cached_tokens_details"] == {
        "text_tokens": from_cache.text,
        "audio_tokens": from_cache.audio,
        "image_tokens": 0,
    }
    assert found["output_token_details"] == {"text_tokens": 4, "audio_tokens": 20}
