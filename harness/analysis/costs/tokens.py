"""Tokens times prices, item by item; tokens that cannot be priced are refused in words."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from harness.analysis.prices import TokenTariff
from harness.model import NS_PER_S, TokenUsage, TurnRecord, TurnStatus

_TOKENS_PER_PRICE = Decimal(1_000_000)
# OpenAI's guide to realtime costs: one token for 100 ms of the caller, for 50 ms of the agent.
INPUT_TOKENS_PER_S = 10
OUTPUT_TOKENS_PER_S = 20
# How a turn counts that was planned and whose first frame never left.
_NOT_BEGUN = (TurnStatus.DROPPED, TurnStatus.CLOSED)


class Item(StrEnum):
    """What is paid for."""

    AUDIO_IN = "audio in"
    AUDIO_CACHED = "audio in, cached"
    AUDIO_OUT = "audio out"
    TEXT_IN = "text in"
    TEXT_CACHED = "text in, cached"
    TEXT_OUT = "text out"
    TIME = "time"
    TRANSCRIPTION = "transcription"


def token_counts(usage: TokenUsage) -> dict[Item, int]:
    """Return how many tokens of each item there are; cached ones are not in the others."""
    input_audio, cached_audio = usage.input_audio or 0, usage.cached_audio or 0
    input_text, cached_text = usage.input_text or 0, usage.cached_text or 0
    return {
        Item.AUDIO_IN: input_audio - cached_audio,
        Item.AUDIO_CACHED: cached_audio,
        Item.AUDIO_OUT: usage.output_audio or 0,
        Item.TEXT_IN: input_text - cached_text,
        Item.TEXT_CACHED: cached_text,
        Item.TEXT_OUT: usage.output_text or 0,
    }


def price_tokens(usage: TokenUsage, tariff: TokenTariff) -> dict[Item, Decimal]:
    """Price tokens that `refusal` has nothing against."""
    return priced(token_counts(usage), unit_prices(tariff))


def priced(counts: Mapping[Item, int], prices: Mapping[Item, Decimal]) -> dict[Item, Decimal]:
    """Return what each item costs; one without a price is not there where `refusal` was asked."""
    return {item: count * prices[item] for item, count in counts.items() if item in prices}


def unit_prices(tariff: TokenTariff) -> Mapping[Item, Decimal]:
    """Return the price of one token of each item that the tariff has a price for."""
    listed = {
        Item.AUDIO_IN: tariff.audio.input,
        Item.AUDIO_CACHED: tariff.audio.reread,
        Item.AUDIO_OUT: tariff.audio.output,
    }
    if tariff.text is not None:
        listed |= {
            Item.TEXT_IN: tariff.text.input,
            Item.TEXT_CACHED: tariff.text.reread,
            Item.TEXT_OUT: tariff.text.output,
        }
    return {item: price / _TOKENS_PER_PRICE for item, price in listed.items()}


def refusal(usage: TokenUsage, tariff: TokenTariff | None = None) -> str:
    """Say why tokens cannot be priced, by a tariff where one is given; empty when they can."""
    counts = (usage.input_text, usage.input_audio, usage.output_text, usage.output_audio)
    cached = (usage.cached_text, usage.cached_audio)
    if None in counts or None in cached:
        return "the provider counted tokens without telling audio from text"
    if any(count is not None and count < 0 for count in (*counts, *cached)):
        return "the provider counted fewer than 0 tokens"
    if not any(counts):
        return "the provider counted no tokens at all"
    for kind, total, parts in (
        ("input", usage.input_total, counts[:2]),
        ("output", usage.output_total, counts[2:]),
    ):
        if total is not None and total != sum(count or 0 for count in parts):
            return f"the provider's {kind} tokens of audio and text do not add up to its total"
    for part, whole in zip(cached, counts[:2], strict=True):
        if (part or 0) > (whole or 0):
            return "the provider counted more cached tokens than input tokens"
    if tariff is not None and tariff.text is None and (usage.input_text or usage.output_text):
        return "the list has no price for the model's text"
    return ""


def estimated_tokens(turn: TurnRecord) -> TokenUsage | None:
    """Return audio tokens for what was said and what came back.

    `None` when that is not known, or when the caller said nothing.

    Silence is not billed where the provider detects turns, so the caller's speech counts alone.
    """
    spoken_s, received_s = caller_s(turn), agent_s(turn)
    if not spoken_s or received_s is None:
        return None
    return TokenUsage(
        input_audio=round(spoken_s * INPUT_TOKENS_PER_S),
        output_audio=round(received_s * OUTPUT_TOKENS_PER_S),
    )


def caller_s(turn: TurnRecord) -> float | None:
    """Return how long the caller spoke in a turn, in seconds; `None` when that is not known.

    In a turn that was planned and never began nobody spoke.
    """
    onset_ns, end_ns = turn.at.speech_onset_ns, turn.at.speech_end_ns
    if onset_ns is None and turn.at.last_frame_sent_ns is None and turn.status in _NOT_BEGUN:
        return 0.0
    return None if onset_ns is None or end_ns is None else (end_ns - onset_ns) / NS_PER_S


def agent_s(turn: TurnRecord) -> float | None:
    """Return how much audio of the agent came in a turn, in seconds; `None` when not known."""
    received, rate_hz = turn.counts.samples_received, turn.counts.received_rate_hz
    if received and rate_hz is None:
        return None
    return received / rate_hz if rate_hz else 0.0
