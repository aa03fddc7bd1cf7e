"""Parts of a cost that a reader may want to save: context, cache, silence, audio never heard."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from harness.analysis.costs.billing import Bill, session_s, token_totals
from harness.analysis.costs.tokens import (
    INPUT_TOKENS_PER_S,
    Item,
    agent_s,
    caller_s,
    unit_prices,
)
from harness.analysis.prices import TokenTariff
from harness.model import Run, TurnRecord
from harness.model.cost_summary import CostShare

CONTEXT, CACHE = "context read again", "saved by the cache"
SILENCE, UNHEARD = "silence", "audio never heard"
# Of these every token was there before the turn, or came from beside it.
_READ_BEFORE = (Item.AUDIO_CACHED, Item.TEXT_IN, Item.TEXT_CACHED)
_OF_TIME = "the session's time is billed, not its tokens"
_NO_TOKENS = "the provider told no tokens"


def shares(run: Run, bills: Sequence[Bill], total: Decimal) -> tuple[CostShare, ...]:
    """Return the parts of a run's cost that may be saved."""
    timed = any(Item.TIME in bill.items for bill in bills)
    return (
        _context(bills, total, timed=timed),
        _cache(bills, total, timed=timed),
        _silence(run, bills, total),
        _unheard(bills, total, timed=timed),
    )


def _context(bills: Iterable[Bill], total: Decimal, *, timed: bool) -> CostShare:
    amount, known, unknown = Decimal(0), False, 0
    for bill in bills:
        if bill.usage is None or not isinstance(bill.tariff, TokenTariff):
            continue
        known |= bool(bill.usage.input_text or bill.usage.cached_audio)
        new, own = bill.counts[Item.AUDIO_IN], _own_tokens(bill.turn)
        if new and own is None:
            unknown += 1
        elif new and own is not None:
            again = max(0, new - own)
            amount += bill.items[Item.AUDIO_IN] * again / new
        for item in _READ_BEFORE:
            amount += bill.items.get(item, Decimal(0))
    if not known:
        return _unknown(CONTEXT, _OF_TIME if timed else f"{_NO_TOKENS} of what was read again")
    if unknown:
        return _unknown(CONTEXT, f"of {unknown} turns it is not known how long the caller spoke")
    return _told(
        CONTEXT,
        amount,
        total,
        "all that the model read but the caller's own words of the turn"
        f" ({INPUT_TOKENS_PER_S} tokens a second): instructions, tools, the conversation so far",
    )


def _own_tokens(turn: TurnRecord | None) -> int | None:
    """Return the tokens of what the caller says in a turn; beside all turns nobody speaks."""
    spoken_s = 0.0 if turn is None else caller_s(turn)
    return None if spoken_s is None else round(spoken_s * INPUT_TOKENS_PER_S)


def _cache(bills: Sequence[Bill], total: Decimal, *, timed: bool) -> CostShare:
    saved, cached, read = Decimal(0), 0, 0
    for tariff, counts in token_totals(bills):
        prices = unit_prices(tariff)
        for new, again in ((Item.AUDIO_IN, Item.AUDIO_CACHED), (Item.TEXT_IN, Item.TEXT_CACHED)):
            cached += counts[again]
            read += counts[new] + counts[again]
            if new in prices:
                saved += counts[again] * (prices[new] - prices[again])
    told = any(bill.usage is not None and bill.usage.input_text for bill in bills)
    if not read or not (cached or told):
        return _unknown(CACHE, _OF_TIME if timed else _NO_TOKENS)
    words = f"{100 * cached / read:.0f} % of the tokens read came from the cache"
    return _told(CACHE, saved, total, f"{words}; not a part of the total, but what came off it")


def _silence(run: Run, bills: Iterable[Bill], total: Decimal) -> CostShare:
    """Tell how much of the time that was billed nobody spoke or was heard."""
    paid = {b.session_id: b.items[Item.TIME] for b in bills if Item.TIME in b.items}
    if not paid:
        return _unknown(
            SILENCE,
            "tokens are billed, and the provider does not tell how many of them were silence;"
            " what its turn detection drops is not billed",
        )
    spoken: defaultdict[str, float] = defaultdict(float)
    unknown: set[str] = set()
    for turn in run.turns:
        said_s, heard_s = caller_s(turn), _heard_s(turn)
        if said_s is None or heard_s is None:
            unknown.add(turn.session_id)
        else:
            spoken[turn.session_id] += said_s + heard_s
    if unknown := unknown & paid.keys():
        words = f"of {len(unknown)} of {len(paid)} sessions it is not known how long they spoke"
        return _unknown(SILENCE, words)
    amount = Decimal(0)
    for session in run.sessions:
        seconds = session_s(session)
        if seconds and session.session_id in paid:
            quiet = max(Decimal(0), 1 - Decimal(spoken[session.session_id]) / seconds)
            amount += paid[session.session_id] * quiet
    words = "time in which neither side spoke, both at once counted twice"
    return _told(SILENCE, amount, total, words)


def _heard_s(turn: TurnRecord) -> float | None:
    received_s, unheard = agent_s(turn), _unheard_share(turn)
    return None if received_s is None else received_s * float(1 - unheard)


def _unheard(bills: Iterable[Bill], total: Decimal, *, timed: bool) -> CostShare:
    if timed:
        return _unknown(UNHEARD, _OF_TIME)
    amount = sum(
        (
            bill.items.get(Item.AUDIO_OUT, Decimal(0)) * _unheard_share(bill.turn)
            for bill in bills
            if bill.turn is not None
        ),
        Decimal(0),
    )
    words = "delivered, but the caller had interrupted it; what was made and not delivered is not"
    return _told(UNHEARD, amount, total, f"{words} seen")


def _unheard_share(turn: TurnRecord) -> Decimal:
    received = turn.counts.samples_received
    return Decimal(turn.counts.samples_unheard) / received if received else Decimal(0)


def _told(name: str, amount: Decimal, total: Decimal, note: str) -> CostShare:
    share = float(amount / total) if total else None
    return CostShare(name=name, amount=round(float(amount), 8), share=share, note=note)


def _unknown(name: str, why: str) -> CostShare:
    return CostShare(name=name, amount=None, share=None, note=why)
