"""Where the money of a run went, as its summary tells it.

Amounts are in the currency of the summary's cost, to eight decimals, so that items add up to their
total. What is not known is `None`, with the reason beside it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceListSummary:
    """Which prices were used.

    Attributes:
        date: From when they are.
        source: Where they were read.
        note: What comes on top, or else is to know.
    """

    date: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One kind of what was paid for.

    Attributes:
        name: Such as `audio in, cached`.
        amount: What it cost.
        share: Of the total; `None` where that is 0.
        count: Tokens, or minutes where time is billed.
        unit: Which of the two.
    """

    name: str
    amount: float
    share: float | None
    count: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRate:
    """What something costs on average, with the interval that the sessions give.

    Attributes:
        per: Of what, such as `minute`.
        value: The average; `None` when it is not known.
        low: Lower end of the 95 % interval; `None` when it is not known.
        high: Upper end.
        n: How many of them it comes from.
        calls: From how many calls.
        why: Why something is missing.
    """

    per: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: float = 0
    calls: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShare:
    """A part of the total that a reader may want to save.

    Attributes:
        name: What it is.
        amount: What it cost, or saved; `None` when it is not known.
        share: Of the total, or of the tokens where `name` says so.
        note: How it was told apart, or why it is not known.
    """

    name: str
    amount: float | None
    share: float | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCost:
    """Turns at one position of their calls.

    Attributes:
        turn: 1 for the first turn of a call.
        n: How many have a cost.
        mean: What they cost on average.
        input_tokens: What the model read for each, on average.
        cached: The share of that which came from the cache; `None` where nothing was read.
    """

    turn: int
    n: int
    mean: float
    input_tokens: float
    cached: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostElsewhere:
    """What the same calls would have cost with another model of the list.

    Attributes:
        model: Which.
        total: Of the calls that `per minute` comes from; `None` when it cannot be told.
        per_minute: Of conversation.
        ratio: To what they cost here.
        basis: What it was reckoned from, or why it is not known.
        date: Of its prices.
        note: What comes on top, and where the prices were read.
    """

    model: str
    total: float | None
    per_minute: float | None
    ratio: float | None
    basis: str
    date: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDetail:
    """Where the money of a run went.

    Attributes:
        total: Of everything that has a cost.
        items: What was paid for; together the total.
        rates: Per minute, turn, call and solved call.
        shares: Context read again, cache, silence, audio that was never heard.
        by_turn: Cost by position in the call; empty where turns have no cost of their own.
        growth: By how much a turn costs more than the one before it, with its interval.
        elsewhere: The same calls with other models, the cheapest first.
    """

    total: float
    items: tuple[CostItem, ...]
    rates: tuple[CostRate, ...]
    shares: tuple[CostShare, ...]
    by_turn: tuple[TurnCost, ...]
    growth: CostRate
    elsewhere: tuple[CostElsewhere, ...]

    def rate(self, per: str) -> CostRate:
        """Return one of the rates by its name."""
        return next(rate for rate in self.rates if rate.per == per)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCost:
    """What one provider took for one stage of a cascade.

    Attributes:
        stage: `stt`, `llm` or `tts`.
        provider: Provider and model, as the stage log names them.
        counts: What it bills by: `minutes` of speech, `tokens read` and `tokens written`, or
            `characters`; empty where that is not known.
        amount: What it cost; `None` when it is not known.
        per_minute: Per minute of call, over the calls of known length.
        prices: Where its price was read; `None` without one.
        why: Why something is missing.
    """

    stage: str
    provider: str
    counts: dict[str, float]
    amount: float | None
    per_minute: float | None
    prices: PriceListSummary | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeCost:
    """What a cascade's calls cost, by its stage log: all responses of these calls.

    Attributes:
        total: All stages together; `None` where one of them is not known.
        per_minute: Per minute of call, over the calls of known length; `None` likewise.
        minutes: Minutes of these calls, ready to closed.
        responses: Responses that are priced, with those that are in no turn.
        stages: Each stage and provider, in the order of the stages.
        note: What the reader must know; empty where no stage has a cost.
        why: Why something is missing, by stage.
    """

    total: float | None
    per_minute: float | None
    minutes: float | None
    responses: int
    stages: tuple[StageCost, ...]
    note: str
    why: str = ""
