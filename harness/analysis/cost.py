"""What the conversation cost: tokens as the provider counted them, times a dated price list.

Where the provider told no tokens the cost is estimated from the length of the speech, and says
so: an estimate is a floor, since a provider also bills text, and the whole conversation again
with every reply.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from harness.errors import BadInput
from harness.model import NS_PER_S, Run, TokenUsage, TurnRecord

_TOKENS_PER_PRICE = 1_000_000
# OpenAI's guide to realtime costs: one token for 100 ms of the caller, for 50 ms of the agent.
INPUT_TOKENS_PER_S = 10
OUTPUT_TOKENS_PER_S = 20
# Dated snapshots, such as gpt-realtime-2025-08-28, cost what their model costs.
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices per million tokens."""

    input: float
    cached: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices on one day.

    Attributes:
        date: ISO date, or month, from which the list is.
        currency: Three letters.
        source: Where it was read.
        models: Audio and text prices by model name.
    """

    date: str
    currency: str
    source: str
    models: Mapping[str, tuple[Price, Price]]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> Self:
        """Build a list from its parsed file.

        Args:
            data: `date`, `currency`, `source` and `models`, each with `audio` and `text`.
            where: What an error calls the file.

        Raises:
            BadInput: Something is missing, unknown or not a number.
        """
        try:
            models = {
                name: (Price(**prices["audio"]), Price(**prices["text"]))
                for name, prices in data["models"].items()
            }
            named = {key: str(data[key]) for key in ("date", "currency", "source")}
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"is not a price list: {error}",
                where=where,
                hint="Give date, currency, source and, for each model, audio and text prices",
            ) from error
        return cls(**named, models=models)

    def of_model(self, model: str) -> tuple[Price, Price] | None:
        """Return audio and text prices of a model or its dated snapshot."""
        return self.models.get(model) or self.models.get(_SNAPSHOT.sub("", model))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run cost.

    Attributes:
        currency: Three letters.
        basis: `usage` when tokens were told, else `estimate`.
        total: Of all turns; `None` when it cannot be told, and then `why` says so.
        per_minute: Per minute of conversation; `None` without a session of known length.
        per_turn: Per turn that has a cost.
        minutes: Minutes of conversation: ready to closed, over sessions.
        turns: Turns that have a cost.
        why: Why something is missing.
        note: What the reader must know.
    """

    currency: str
    basis: str
    total: float | None = None
    per_minute: float | None = None
    per_turn: float | None = None
    minutes: float | None = None
    turns: int = 0
    why: str = ""
    note: str = ""


def cost(run: Run, prices: PriceList, output_rate_hz: int = 24_000) -> Cost:
    """Price a run.

    Args:
        run: The records.
        prices: The list to use.
        output_rate_hz: Sample rate of the replies, for an estimate from their length.
    """
    told = {index: turn.usage for index, turn in enumerate(run.turns) if turn.usage is not None}
    basis = "usage" if told else "estimate"
    found = prices.of_model(run.manifest.model)
    if found is None:
        why = f"no price for model {run.manifest.model!r} in the list of {prices.date}"
        return Cost(currency=prices.currency, basis=basis, why=why)
    if told:
        usages = told
    else:
        estimated = {i: _estimate(turn, output_rate_hz) for i, turn in enumerate(run.turns)}
        usages = {index: usage for index, usage in estimated.items() if usage is not None}
    if not usages:
        return Cost(currency=prices.currency, basis=basis, why="no turn has audio or usage")
    amounts = {index: _price(usage, *found) for index, usage in usages.items()}
    total = sum(amounts.values())
    minutes = _minutes(run)
    # Minutes are known of sessions that ended; only their turns may be divided by them.
    inside = sum(
        amount for index, amount in amounts.items() if run.turns[index].session_id in minutes
    )
    spoken = sum(minutes.values())
    return Cost(
        currency=prices.currency,
        basis=basis,
        total=total,
        per_minute=inside / spoken if spoken > 0 else None,
        per_turn=total / len(amounts),
        minutes=spoken if spoken > 0 else None,
        turns=len(amounts),
        why="" if spoken > 0 else "no session of known length, so nothing per minute",
        note=_note(run, basis, len(amounts)),
    )


def _price(usage: TokenUsage, audio: Price, text: Price) -> float:
    return (
        (usage.input_audio - usage.cached_audio) * audio.input
        + usage.cached_audio * audio.cached
        + usage.output_audio * audio.output
        + (usage.input_text - usage.cached_text) * text.input
        + usage.cached_text * text.cached
        + usage.output_text * text.output
    ) / _TOKENS_PER_PRICE


def _estimate(turn: TurnRecord, output_rate_hz: int) -> TokenUsage | None:
    """Return audio tokens for what was said and what came back, `None` when nothing was said.

    Silence is not billed where the provider detects turns, so the caller's speech counts alone.
    """
    onset_ns, end_ns = turn.at.speech_onset_ns, turn.at.speech_end_ns
    if onset_ns is None or end_ns is None:
        return None
    return TokenUsage(
        input_audio=round((end_ns - onset_ns) / NS_PER_S * INPUT_TOKENS_PER_S),
        output_audio=round(turn.counts.samples_received / output_rate_hz * OUTPUT_TOKENS_PER_S),
    )


def _minutes(run: Run) -> dict[str, float]:
    """Return the length in minutes of each session that was ready and has ended."""
    return {
        session.session_id: (session.closed_ns - session.ready_ns) / NS_PER_S / 60
        for session in run.sessions
        if session.ready_ns is not None and session.closed_ns is not None
    }


def _note(run: Run, basis: str, priced: int) -> str:
    words = []
    if run.manifest.simulated:
        words.append("nothing was billed: what these turns would have cost at list prices")
    if basis == "estimate":
        words.append(
            "estimated from the length of the speech; text and the conversation read again with"
            " every reply are not in it, so it is a floor"
        )
    elif priced < len(run.turns):
        words.append(f"usage was told for {priced} of {len(run.turns)} turns")
    return "; ".join(words)


def total_usage(turns: Iterable[TurnRecord]) -> TokenUsage | None:
    """Add up the tokens of all turns; `None` when no turn has any."""
    told = [turn.usage for turn in turns if turn.usage is not None]
    return sum(told, start=TokenUsage()) if told else None
