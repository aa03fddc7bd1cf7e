"""What the conversation cost, where that went, and other models: for page and terminal."""

from collections.abc import Iterator

from harness.errors import sanitised
from harness.model.cost_summary import (
    CascadeCost,
    CostDetail,
    CostItem,
    CostRate,
    CostShare,
    StageCost,
)
from harness.model.summary import CostSummary
from harness.report.blocks import Cell, Facts, Section, Table
from harness.report.formatting import MISSING, money, number, percent

_BASES = {
    "usage": "tokens as the provider counted them",
    "estimate": "estimated from the length of the speech",
    "time": "the time that sessions were open",
    "stages": "speech, tokens and characters of the cascade's stage log",
}
_SAYS = (
    "A dated list of prices times tokens, or time: what this conversation costs a customer."
    " Intervals are at 95 %, of the average, by drawing whole calls again."
)
_ELSEWHERE = (
    "Providers count tokens in their own ways, and models differ in how much they say: a first"
    " look, not an offer. harness cost --json says what comes on top."
)


def cost(found: CostSummary) -> Section:
    """Return the section of the page."""
    says = (_SAYS,)
    detail = found.detail
    tables = [] if detail is None else list(_tables(detail, sanitised(found.currency)))
    if found.cascade is not None:
        tables.insert(0, _stages(found.cascade, sanitised(found.currency)))
    facts = Facts(pairs=tuple(_facts(found)))
    return Section(id="cost", title="Cost", says=says, parts=(facts, *tables))


def _facts(found: CostSummary) -> Iterator[tuple[str, str]]:
    currency, detail = sanitised(found.currency), found.detail
    if detail is None:
        yield "Per minute", money(found.per_minute, currency)
        if found.basis != "stages":
            yield "Per turn", money(found.per_turn, currency)
    else:
        for rate in detail.rates:
            yield f"Per {rate.per}", rate_in_words(rate, currency)
    yield (
        "Of the turns whose cost is known" if found.partial else "In all",
        money(found.total, currency),
    )
    yield "Basis", _BASES.get(found.basis, sanitised(found.basis))
    if found.minutes is not None:
        yield "Conversation", f"{number(found.minutes)} minutes"
    listed = found.prices
    model = sanitised(found.model)
    where = f"{sanitised(listed.date)}: {sanitised(listed.source)}" if listed.date else MISSING
    yield "Prices", f"{model}, {where}"
    for label, words in (("On top", listed.note), ("Note", found.note), ("Missing", found.why)):
        if words:
            yield label, sanitised(words)


def stages_in_words(found: CascadeCost, currency: str) -> str:
    """Return what each stage of a cascade cost, with a dash where that is not known."""
    return ", ".join(
        f"{sanitised(stage.stage.upper())} {money(stage.amount, currency)}"
        for stage in found.stages
    )


def stage_row(stage: StageCost) -> tuple[str, ...]:
    """Return stage, provider, what it bills by, amounts in all and a minute, and the price."""
    counts = ", ".join(
        f"{number(count, None if name == 'minutes' else 0)} {name}"
        for name, count in stage.counts.items()
    )
    listed = stage.prices
    price = MISSING if listed is None else f"{sanitised(listed.date)}: {sanitised(listed.source)}"
    return (
        sanitised(stage.stage.upper()),
        sanitised(stage.provider) or MISSING,
        counts or MISSING,
        MISSING if stage.amount is None else _amount(stage.amount),
        MISSING if stage.per_minute is None else _amount(stage.per_minute),
        sanitised(stage.why) or price,
    )


def stage_rows(found: CascadeCost) -> list[tuple[str, ...]]:
    """Return the rows of all stages and the one of their sum."""
    total, per_minute = (
        MISSING if amount is None else _amount(amount) for amount in (found.total, found.per_minute)
    )
    return [*map(stage_row, found.stages), ("together", "", "", total, per_minute, "")]


def _stages(found: CascadeCost, currency: str) -> Table:
    return Table(
        title="What the cascade's stages cost",
        head=("Stage", "Provider", "Billed by", "Price of", currency, f"{currency} per minute"),
        rows=tuple((*row[:3], row[5], *row[3:5]) for row in stage_rows(found)),
        words=4,
        total=True,
        notes=tuple(
            f"{sanitised(words)[0].upper()}{sanitised(words)[1:]}."
            for words in (found.why, found.note)
            if words
        ),
    )


def rate_in_words(rate: CostRate, currency: str) -> str:
    """Return an average with its interval, or why it is not known."""
    if rate.value is None:
        return f"{MISSING} {rate.why}"
    words = money(rate.value, currency)
    if rate.low is None or rate.high is None:
        return f"{words} ({rate.why})"
    return f"{words} [{_amount(rate.low)}, {_amount(rate.high)}], {number(rate.calls, 0)} calls"


def _tables(detail: CostDetail, currency: str) -> Iterator[Table]:
    rows: list[tuple[Cell, ...]] = [item_row(item) for item in detail.items]
    rows.append(("together", "", _amount(detail.total), percent(1.0)))
    yield Table(
        title="What was paid for",
        head=("Paid for", "Count", currency, "Share"),
        rows=tuple(rows),
        total=True,
    )
    yield Table(
        title="What may be saved",
        head=("Part", "How it is told apart", currency, "Share"),
        rows=tuple(share_row(share) for share in detail.shares),
        words=2,
    )
    if detail.by_turn:
        yield Table(
            title="Cost by position in the call",
            head=("Turn", "n", currency, "Tokens read", "Cached"),
            rows=tuple(
                (
                    str(one.turn),
                    number(one.n, 0),
                    _amount(one.mean),
                    number(one.input_tokens, 0),
                    percent(one.cached),
                )
                for one in detail.by_turn
            ),
            notes=(f"Each further turn: {rate_in_words(detail.growth, currency)}.",),
        )
    if detail.elsewhere:
        yield Table(
            title="The same calls elsewhere",
            head=("Model", "From", "Prices of", f"{currency} per minute", "Ratio"),
            rows=tuple(
                (
                    sanitised(one.model),
                    sanitised(one.basis),
                    sanitised(one.date),
                    MISSING if one.per_minute is None else _amount(one.per_minute),
                    MISSING if one.ratio is None else f"{one.ratio:.2f}",
                )
                for one in detail.elsewhere
            ),
            words=3,
            notes=(_ELSEWHERE,),
        )


def item_row(item: CostItem) -> tuple[str, str, str, str]:
    """Return the name, count, amount and share of an item."""
    count = f"{number(item.count, 0 if item.unit == 'tokens' else None)} {item.unit}"
    return item.name, count, _amount(item.amount), percent(item.share)


def share_row(share: CostShare) -> tuple[str, str, str, str]:
    """Return the name, explanation, amount and share of a part."""
    amount = MISSING if share.amount is None else _amount(share.amount)
    return share.name, share.note, amount, percent(share.share)


def _amount(value: float) -> str:
    """Return an amount of money without its currency, to four digits that say something."""
    return f"{value:,.4f}" if abs(value) < 1_000 else f"{value:,.2f}"
