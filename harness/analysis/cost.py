"""What the conversation cost: tokens as the provider counted them, times a dated price list.

Unknown is not zero: tokens that the provider did not tell apart, or that contradict each other,
have no price, and neither has a model that is not in the list. Where the provider told no tokens
at all the cost is estimated from the length of the speech, and says so: an estimate is a floor,
since a provider also bills text, and the whole conversation again with every response.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from harness.errors import BadInput, sanitised
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
        model: The model whose prices were used; several are joined by commas.
        total: Of all turns that have a cost; `None` when it cannot be told, and then `why` says so.
        per_minute: Per minute of conversation, over the sessions all of whose responses have a
            cost; `None` without one of known length.
        per_turn: Per turn that has a cost.
        minutes: Minutes of conversation that `per_minute` divides by: ready to closed.
        turns: Turns that have a cost.
        partial: Some responses have no cost, so the total is not all there is to pay.
        why: Why something is missing.
        note: What the reader must know.
    """

    currency: str
    basis: str
    model: str
    total: float | None = None
    per_minute: float | None = None
    per_turn: float | None = None
    minutes: float | None = None
    turns: int = 0
    partial: bool = False
    why: str = ""
    note: str = ""


def cost(run: Run, prices: PriceList) -> Cost:
    """Price a run.

    Args:
        run: The records.
        prices: The list to use.
    """
    basis = "usage" if any(turn.usage is not None for turn in run.turns) else "estimate"
    models = _Models(run, prices)
    amounts: dict[int, float] = {}
    refused: Counter[str] = Counter()
    for index, turn in enumerate(run.turns):
        usage = turn.usage if basis == "usage" else _estimate(turn)
        if usage is None:
            continue
        found = prices.of_model(models.of_session(turn.session_id))
        why = (
            refusal(usage)
            if found is not None
            else f"no price for model {models.of_session(turn.session_id)!r}"
            f" in the list of {prices.date}"
        )
        if found is None or why:
            refused[why] += 1
        else:
            amounts[index] = _price(usage, *found)
    # A turn that no response was begun in has nothing to pay.
    owed = {i for i, turn in enumerate(run.turns) if i in amounts or _responded(turn)}
    reasons = "; ".join(f"{why} ({_turns(n)})" for why, n in refused.most_common())
    if not amounts:
        why = reasons or "no turn has audio or usage"
        return Cost(
            currency=prices.currency,
            basis=basis,
            model=models.priced,
            why=why,
            note=models.difference,
        )
    partial = len(owed) > len(amounts)
    total = sum(amounts.values())
    missing = {run.turns[index].session_id for index in owed - set(amounts)}
    # Minutes are known of sessions that ended; only their turns may be divided by them.
    minutes = {name: length for name, length in _minutes(run).items() if name not in missing}
    inside = sum(
        amount for index, amount in amounts.items() if run.turns[index].session_id in minutes
    )
    spoken = sum(minutes.values())
    return Cost(
        currency=prices.currency,
        basis=basis,
        model=models.priced,
        total=total,
        per_minute=inside / spoken if spoken > 0 else None,
        per_turn=total / len(amounts),
        minutes=spoken if spoken > 0 else None,
        turns=len(amounts),
        partial=partial,
        why="" if spoken > 0 else "no session of known length and cost, so nothing per minute",
        note=_note(run, basis, len(amounts), len(owed), reasons, models.difference),
    )


class _Models:
    """Which model's prices hold for which session: the one the server named, else the asked.

    A name that the list does not know, beside an asked one that it does, is taken for another
    name of the asked one, and that is said.
    """

    def __init__(self, run: Run, prices: PriceList) -> None:
        self._asked = run.manifest.model
        self._named = {s.session_id: s.model for s in run.sessions if s.model}
        named = sorted(set(self._named.values()))
        # A session that has not ended has no record; it had the model that all others had.
        self._default = self._priced(named[0], prices) if len(named) == 1 else self._asked
        self._of = {id_: self._priced(model, prices) for id_, model in self._named.items()}
        used = {self.of_session(turn.session_id) for turn in run.turns}
        self.priced = ", ".join(sorted(used or {self._default}))
        self.difference = _difference(self._asked, named, self.priced)

    def of_session(self, session_id: str) -> str:
        """Return the model whose prices hold for a session."""
        return self._of.get(session_id, self._default)

    def _priced(self, named: str, prices: PriceList) -> str:
        unknown = prices.of_model(named) is None and prices.of_model(self._asked) is not None
        return self._asked if unknown else named


def _difference(asked: str, named: Iterable[str], priced: str) -> str:
    """Say that the server named another model than was asked for; empty when it did not."""
    others = [sanitised(model) for model in named if _family(model) != _family(asked)]
    if not others:
        return ""
    return (
        f"asked for model {sanitised(asked)}, the server named {', '.join(others)}:"
        f" priced as {sanitised(priced)}"
    )


def _family(model: str) -> str:
    return _SNAPSHOT.sub("", model)


def models_named(run: Run) -> tuple[str, ...]:
    """Return the models that the server named, each once."""
    return tuple(sorted({session.model for session in run.sessions if session.model}))


def refusal(usage: TokenUsage) -> str:
    """Say why tokens cannot be priced; empty when they can."""
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
    return ""


def _price(usage: TokenUsage, audio: Price, text: Price) -> float:
    """Price tokens that `refusal` has nothing against."""
    input_audio, cached_audio = usage.input_audio or 0, usage.cached_audio or 0
    input_text, cached_text = usage.input_text or 0, usage.cached_text or 0
    return (
        (input_audio - cached_audio) * audio.input
        + cached_audio * audio.cached
        + (usage.output_audio or 0) * audio.output
        + (input_text - cached_text) * text.input
        + cached_text * text.cached
        + (usage.output_text or 0) * text.output
    ) / _TOKENS_PER_PRICE


def _responded(turn: TurnRecord) -> bool:
    """Tell whether a response was begun, which is what a provider bills."""
    at = turn.at
    return any(
        ns is not None for ns in (at.response_created_ns, at.first_text_ns, at.first_audio_ns)
    )


def _estimate(turn: TurnRecord) -> TokenUsage | None:
    """Return audio tokens for what was said and what came back, `None` when that is not known.

    Silence is not billed where the provider detects turns, so the caller's speech counts alone.
    """
    onset_ns, end_ns = turn.at.speech_onset_ns, turn.at.speech_end_ns
    received, rate_hz = turn.counts.samples_received, turn.counts.received_rate_hz
    if onset_ns is None or end_ns is None or (received and rate_hz is None):
        return None
    received_s = received / rate_hz if rate_hz else 0.0
    return TokenUsage(
        input_audio=round((end_ns - onset_ns) / NS_PER_S * INPUT_TOKENS_PER_S),
        output_audio=round(received_s * OUTPUT_TOKENS_PER_S),
    )


def _minutes(run: Run) -> dict[str, float]:
    """Return the length in minutes of each session that was ready and has ended."""
    return {
        session.session_id: (session.closed_ns - session.ready_ns) / NS_PER_S / 60
        for session in run.sessions
        if session.ready_ns is not None and session.closed_ns is not None
    }


def _note(run: Run, basis: str, priced: int, owed: int, reasons: str, difference: str) -> str:
    words = []
    if owed > priced:
        part = f"PARTIAL: cost known for {priced} of {owed} turns that had a response"
        words.append(f"{part}; {reasons}" if reasons else part)
    if difference:
        words.append(difference)
    if run.manifest.simulated:
        words.append("nothing was billed: what these turns would have cost at list prices")
    if basis == "estimate":
        words.append(
            "estimated from the length of the speech; text and the conversation read again with"
            " every response are not in it, so it is a floor"
        )
    return "; ".join(words)


def _turns(n: int) -> str:
    return f"{n} turn" if n == 1 else f"{n} turns"


def total_usage(turns: Iterable[TurnRecord]) -> TokenUsage | None:
    """Add up the tokens of all turns; `None` when no turn has any."""
    told = [turn.usage for turn in turns if turn.usage is not None]
    return sum(told[1:], start=told[0]) if told else None
