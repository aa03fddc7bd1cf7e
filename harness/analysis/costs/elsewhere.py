"""What the same calls would have cost with other models of the list.

Tokens are those of this run: another provider counts them in another way, and a model that speaks
more or less than this one costs more or less. It is a first look, not an offer.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from harness.analysis.costs.billing import Bill
from harness.analysis.costs.tokens import Item, estimated_tokens, price_tokens, refusal
from harness.analysis.prices import PriceList, Tariff, TimeTariff
from harness.model import TokenUsage, TurnRecord, add_up
from harness.model.cost_summary import CostElsewhere


def elsewhere(
    bills: Iterable[Bill],
    turns: Iterable[TurnRecord],
    lengths_s: Mapping[str, Decimal],
    prices: PriceList,
) -> tuple[CostElsewhere, ...]:
    """Price the same calls with every model of the list, the cheapest first.

    Args:
        bills: What the run cost.
        turns: Its turns.
        lengths_s: Length of each call of known length and cost, by session; others are left out.
        prices: The list.
    """
    if not lengths_s:
        return ()
    # Transcription is a service of its own, and would be paid for elsewhere as well.
    inside = [
        bill
        for bill in bills
        if bill.session_id in lengths_s and Item.TRANSCRIPTION not in bill.items
    ]
    here = sum((bill.amount for bill in inside), Decimal(0))
    minutes = sum(lengths_s.values(), Decimal(0)) / 60
    told = [bill.usage for bill in inside if bill.usage is not None]
    usage, basis = _tokens(told, [turn for turn in turns if turn.session_id in lengths_s])
    found = [
        _priced(name, tariff, usage, basis, (here, minutes), list(lengths_s.values()), prices)
        for name, tariff in prices.models.items()
    ]
    known = [one for one in found if one.total is not None]
    known.sort(key=lambda one: (one.total, one.model))
    return (*known, *(one for one in found if one.total is None))


def _tokens(
    told: Sequence[TokenUsage], turns: Sequence[TurnRecord]
) -> tuple[TokenUsage | None, str]:
    """Return the tokens to price, and where they come from."""
    if any(usage.input_text or usage.output_text for usage in told):
        return add_up(told), "this run's tokens"
    found = [estimated_tokens(turn) for turn in turns]
    if not found or None in found:
        return None, "neither tokens nor the length of all speech are known"
    usages = [usage for usage in found if usage is not None]
    return add_up(usages), "length of the speech, a floor"


def _priced(
    name: str,
    tariff: Tariff,
    usage: TokenUsage | None,
    basis: str,
    here: tuple[Decimal, Decimal],
    lengths_s: Sequence[Decimal],
    prices: PriceList,
) -> CostElsewhere:
    cost_here, minutes = here
    total = None
    if isinstance(tariff, TimeTariff):
        total = sum((tariff.of_seconds(seconds) for seconds in lengths_s), Decimal(0))
        basis = "length of the sessions"
    elif usage is not None:
        why = refusal(usage, tariff)
        basis = why or basis
        if not why:
            total = sum(price_tokens(usage, tariff).values(), Decimal(0))
    read = tariff.source or prices.source
    return CostElsewhere(
        model=name,
        total=None if total is None else round(float(total), 8),
        per_minute=None if total is None or not minutes else float(total / minutes),
        ratio=None if total is None or not cost_here else float(total / cost_here),
        basis=basis,
        date=tariff.date or prices.date,
        note=f"{tariff.note}; {read}" if tariff.note else read,
    )
