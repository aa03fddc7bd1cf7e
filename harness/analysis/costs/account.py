"""The whole account of a run's cost: items, averages, what may be saved, growth, other models."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from harness.analysis.costs.billing import TIME, Bill, Bills, session_s, token_totals
from harness.analysis.costs.elsewhere import elsewhere
from harness.analysis.costs.rates import FEWEST, CallTable
from harness.analysis.costs.shares import shares
from harness.analysis.costs.tokens import Item, priced, unit_prices
from harness.analysis.prices import PriceList
from harness.model import Run, TokenUsage
from harness.model.cost_summary import CostDetail, CostItem, CostRate, TurnCost

MINUTE, TURN, CALL, SOLVED = "minute", "turn", "call", "solved call"
AMOUNT, OF_TURNS = "amount", "of turns"
_DIGITS = 8
_POINTS = ("points", "x", "y", "xx", "xy")


def cost_detail(run: Run, prices: PriceList, bills: Bills) -> CostDetail | None:
    """Account for the cost of a run; `None` where nothing of it is known.

    Args:
        run: The records.
        prices: The list to use.
        bills: Those of the run, by that list.
    """
    found = bills.of_records
    if not found:
        return None
    total, table = bills.total, call_table(run, bills)
    checked = any(session.checks for session in run.sessions)
    return CostDetail(
        total=round(float(total), _DIGITS),
        items=_items(found, total),
        rates=tuple(_rates(table, checked=checked)),
        shares=shares(run, found, total),
        by_turn=_by_turn(found),
        growth=_growth(table),
        elsewhere=elsewhere(found, run.turns, _lengths_s(run, bills), prices),
    )


def _items(bills: Sequence[Bill], total: Decimal) -> tuple[CostItem, ...]:
    amounts: defaultdict[Item, Decimal] = defaultdict(Decimal)
    counts: defaultdict[Item, Decimal] = defaultdict(Decimal)
    for tariff, tokens in token_totals(bills):
        for item, amount in priced(tokens, unit_prices(tariff)).items():
            amounts[item] += amount
            counts[item] += tokens[item]
    for bill in bills:
        if not bill.counts:
            for item, amount in bill.items.items():
                amounts[item] += amount
                counts[item] += bill.minutes
    return tuple(
        CostItem(
            name=str(item),
            amount=round(float(amounts[item]), _DIGITS),
            share=float(amounts[item] / total) if total else None,
            count=round(float(counts[item]), 3),
            unit="minutes" if item in (Item.TIME, Item.TRANSCRIPTION) else "tokens",
        )
        for item in Item
        if amounts[item] or counts[item]
    )


def _lengths_s(run: Run, bills: Bills) -> Mapping[str, Decimal]:
    """Return how long each call of known length and cost was."""
    return {
        session.session_id: seconds
        for session in run.sessions
        if session.session_id not in bills.missing and (seconds := session_s(session)) is not None
    }


def call_table(run: Run, bills: Bills) -> CallTable:
    """Return what each call of known length and cost adds to the sums that averages are of."""
    lengths_s = _lengths_s(run, bills)
    # A call is solved when all its checks passed; one without a check is neither.
    solved = {s.session_id: all(c.passed for c in s.checks) for s in run.sessions if s.checks}
    amount: defaultdict[str, Decimal] = defaultdict(Decimal)
    of_turns: defaultdict[str, Decimal] = defaultdict(Decimal)
    turns = Counter(bills.turns_of)
    points: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for bill in bills.of_records:
        name = bill.session_id
        amount[name] += bill.amount
        if bill.turn is not None or bills.basis == TIME:
            of_turns[name] += bill.amount
        if bill.turn is not None and bill.usage is not None:
            turns[name] += 1
            points[name].append((bill.turn.turn_index, float(bill.amount)))
    sums = {name: _sums(points[name]) for name in lengths_s}
    columns: dict[str, Sequence[float]] = {
        AMOUNT: [float(amount[name]) for name in lengths_s],
        OF_TURNS: [float(of_turns[name]) for name in lengths_s],
        MINUTE: [float(seconds / 60) for seconds in lengths_s.values()],
        TURN: [turns[name] for name in lengths_s],
        CALL: [1] * len(lengths_s),
        SOLVED: [solved.get(name, False) for name in lengths_s],
        "of checked": [float(amount[name]) if name in solved else 0.0 for name in lengths_s],
    }
    for index, name in enumerate(_POINTS):
        columns[name] = [found[index] for found in sums.values()]
    return CallTable(columns)


def _sums(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float, float]:
    return (
        len(points),
        sum(x for x, _ in points),
        sum(y for _, y in points),
        sum(x * x for x, _ in points),
        sum(x * y for x, y in points),
    )


def _rates(table: CallTable, *, checked: bool) -> list[CostRate]:
    if not len(table):
        why = "no call of known length and cost"
        return [CostRate(per=per, value=None, why=why) for per in (MINUTE, TURN, CALL, SOLVED)]
    found = [
        _rate(table, MINUTE, AMOUNT, "no time passed in the calls"),
        _rate(table, TURN, OF_TURNS, "no turn has a cost"),
        _rate(table, CALL, AMOUNT, "no call has a cost"),
    ]
    if checked:
        return [*found, _rate(table, SOLVED, "of checked", "no call passed all its checks")]
    why = "no call was checked for whether it was solved"
    return [*found, CostRate(per=SOLVED, value=None, calls=len(table), why=why)]


def _rate(table: CallTable, per: str, above: str, none: str) -> CostRate:
    value, low, high = table.ratio(above, per)
    why = none if value is None else _no_interval(table) if low is None else ""
    return CostRate(
        per=per,
        value=value,
        low=low,
        high=high,
        n=round(table.sum(per), 3),
        calls=len(table),
        why=why,
    )


def _growth(table: CallTable) -> CostRate:
    value, low, high = table.slope(_POINTS) if len(table) else (None, None, None)
    why = "" if low is not None else _no_interval(table)
    if value is None:
        why = "no call has turns of known cost at two positions"
    n = table.sum("points") if len(table) else 0
    return CostRate(
        per="further turn", value=value, low=low, high=high, n=n, calls=len(table), why=why
    )


def _no_interval(table: CallTable) -> str:
    if len(table) < FEWEST:
        return f"an interval needs {FEWEST} calls, there is {len(table)}"
    return "too few of them for an interval"


def _by_turn(bills: Sequence[Bill]) -> tuple[TurnCost, ...]:
    at: defaultdict[int, list[tuple[Decimal, TokenUsage]]] = defaultdict(list)
    for bill in bills:
        if bill.turn is not None and bill.usage is not None:
            at[bill.turn.turn_index].append((bill.amount, bill.usage))
    return tuple(_of_position(index, at[index]) for index in sorted(at))


def _of_position(index: int, found: Sequence[tuple[Decimal, TokenUsage]]) -> TurnCost:
    n = len(found)
    read = sum((usage.input_text or 0) + (usage.input_audio or 0) for _, usage in found)
    cached = sum((usage.cached_text or 0) + (usage.cached_audio or 0) for _, usage in found)
    return TurnCost(
        turn=index + 1,
        n=n,
        mean=round(float(sum((amount for amount, _ in found), Decimal(0)) / n), _DIGITS),
        input_tokens=round(read / n, 1),
        cached=cached / read if read else None,
    )
