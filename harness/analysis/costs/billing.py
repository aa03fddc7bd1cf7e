"""The bills of a run: of each turn, or of each session where time is billed; and what has none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from harness.analysis.costs.tokens import (
    Item,
    caller_s,
    estimated_tokens,
    priced,
    refusal,
    token_counts,
    unit_prices,
)
from harness.analysis.priced_models import PricedModels
from harness.analysis.prices import PriceList, Tariff, TimeTariff, TokenTariff
from harness.model import NS_PER_S, Run, SessionRecord, TokenUsage, TurnRecord

USAGE, ESTIMATE, TIME = "usage", "estimate", "time"
"""What the cost of a run can come from: tokens as told, length of the speech, length of sessions"""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a turn has to pay, or a session: for time, or for responses that are in no turn.

    Attributes:
        session_id: Whose.
        turn: The turn; `None` where the session itself pays.
        usage: The tokens; `None` where time is billed.
        tariff: By which it is priced.
        counts: Its tokens by item; empty where time is billed.
        items: What each part costs.
        amount: The whole bill, which is all parts together.
        minutes: Of the session, or of speech that is transcribed, where that is billed.
    """

    session_id: str
    turn: TurnRecord | None
    usage: TokenUsage | None
    tariff: Tariff
    counts: Mapping[Item, int]
    items: Mapping[Item, Decimal]
    amount: Decimal
    minutes: Decimal = Decimal(0)


def token_totals(bills: Iterable[Bill]) -> list[tuple[TokenTariff, dict[Item, int]]]:
    """Return how many tokens of each item are billed by each tariff."""
    by_tariff: dict[int, tuple[TokenTariff, list[Mapping[Item, int]]]] = {}
    for bill in bills:
        if bill.counts and isinstance(bill.tariff, TokenTariff):
            by_tariff.setdefault(id(bill.tariff), (bill.tariff, []))[1].append(bill.counts)
    found = []
    for tariff, counts in by_tariff.values():
        # All counts name the same items in the same order.
        columns = zip(*(each.values() for each in counts), strict=True)
        found.append((tariff, dict(zip(counts[0], map(sum, columns), strict=True))))
    return found


class Bills:
    """The records of a run that have a cost, and those that have one that is not known.

    Args:
        run: The records.
        prices: The list to use.

    Attributes:
        basis: What they come from.
        models: Whose prices hold.
        of_records: What each costs.
        missing: Sessions that have something to pay that is not known.
        turns_of: Turns that had a response, by session, where time is billed.
    """

    def __init__(self, run: Run, prices: PriceList) -> None:
        self.models = PricedModels(run, prices)
        self.of_records: list[Bill] = []
        self.missing: set[str] = set()
        self._prices = prices
        self._units: dict[int, Mapping[Item, Decimal]] = {}
        self._refused: Counter[str] = Counter()
        self._untold = self._owed = self._known = 0
        self.turns_of: Counter[str] = Counter()
        self.basis = self._basis(run)
        sessions = {session.session_id: session for session in run.sessions}
        for turn in run.turns:
            timed = isinstance(self._tariff(turn.session_id), TimeTariff)
            if timed and turn.session_id in sessions:
                self.turns_of[turn.session_id] += responded(turn)
            elif timed:
                self._refuse(turn.session_id, "the session's end is not known", owes=True)
            elif self.basis == ESTIMATE:
                self._add(turn, estimated_tokens(turn))
            else:
                self._add(turn, turn.usage, untold=turn.responses_untold)
        recorded = Counter(turn.session_id for turn in run.turns)
        for session in run.sessions:
            lost = max(0, session.turns_done - recorded[session.session_id])
            tariff = self._tariff(session.session_id)
            if isinstance(tariff, TimeTariff):
                self._add_time(session, tariff)
                continue
            if self.basis != ESTIMATE:
                self._add(session, session.usage, untold=session.responses_untold)
            if lost:
                self._owed += lost
                self._refused["the turn has no record"] += lost
                self.missing.add(session.session_id)

    @property
    def total(self) -> Decimal:
        """Everything that has a cost, added up."""
        return sum((bill.amount for bill in self.of_records), Decimal(0))

    @property
    def turns(self) -> int:
        """Turns that have a cost, of their own or through their session."""
        return self._known

    def add_transcription(self, run: Run, tariff: TimeTariff) -> None:
        """Add what transcribing the callers costs, by the length of their speech.

        Records do not tell what was transcribed, so this is for one who has it switched on. Speech
        of unknown length has a cost that is not known; in a turn that never began there was none.
        """
        for turn in run.turns:
            spoken_s = caller_s(turn)
            if spoken_s is None:
                self._refuse(turn.session_id, "it is not known how long the caller spoke")
            elif spoken_s:
                seconds = Decimal(spoken_s)
                paid = seconds * tariff.per_minute / 60
                items = {Item.TRANSCRIPTION: paid}
                self.of_records.append(
                    Bill(turn.session_id, turn, None, tariff, {}, items, paid, seconds / 60)
                )

    def reasons(self) -> str:
        """Return why something has no cost, and of how many, the most frequent first."""
        found = [(why, _turns(count)) for why, count in self._refused.most_common()]
        if self._untold:
            words = "no tokens were told of responses that are in no turn or did not end"
            found.append((words, str(self._untold)))
        return "; ".join(f"{why} ({count})" for why, count in found)

    def partial(self) -> str:
        """Say how much of it is known; empty where all is."""
        if not self.missing:
            return ""
        if self._known == self._owed:
            return "PARTIAL: the cost of all turns' responses is known, but not all beside them"
        return f"PARTIAL: cost known for {self._known} of {self._owed} turns that had a response"

    def _basis(self, run: Run) -> str:
        ids = {turn.session_id for turn in run.turns} | {s.session_id for s in run.sessions}
        timed = [isinstance(self._tariff(session_id), TimeTariff) for session_id in ids]
        if timed and all(timed):
            return TIME
        told = any(turn.usage is not None for turn in run.turns)
        if told or any(session.usage is not None for session in run.sessions):
            return USAGE
        return TIME if any(timed) else ESTIMATE

    def _tariff(self, session_id: str) -> Tariff | None:
        return self._prices.of_model(self.models.of_session(session_id))

    def _add(
        self, record: TurnRecord | SessionRecord, usage: TokenUsage | None, *, untold: int = 0
    ) -> None:
        """Take the tokens of a record, `None` for none, and how many responses told none."""
        turn = record if isinstance(record, TurnRecord) else None
        bill = None
        if usage is not None:
            bill = self._bill(record.session_id, turn, usage, incomplete=bool(turn and untold))
        if bill is not None:
            self.of_records.append(bill)
        owes = usage is not None or untold > 0 or (turn is not None and responded(turn))
        if turn is not None:
            self._owed += owes
            self._known += bill is not None
        else:
            self._untold += untold
        if owes and (bill is None or untold):
            self.missing.add(record.session_id)

    def _bill(
        self, session_id: str, turn: TurnRecord | None, usage: TokenUsage, *, incomplete: bool
    ) -> Bill | None:
        tariff = self._tariff(session_id)
        if tariff is None or isinstance(tariff, TimeTariff):
            model = self.models.of_session(session_id)
            why = f"no price for model {model!r} in the list of {self._prices.date}"
            self._refused[why if model else "nobody said which model answers"] += 1
            return None
        why = refusal(usage, tariff)
        if incomplete:
            why = "the provider told the tokens of only some responses of the turn"
        if why:
            self._refused[why] += 1
            return None
        prices = self._units.get(id(tariff))
        if prices is None:
            prices = self._units[id(tariff)] = unit_prices(tariff)
        counts = token_counts(usage)
        items = priced(counts, prices)
        amount = sum(items.values(), Decimal(0))
        return Bill(session_id, turn, usage, tariff, counts, items, amount)

    def _add_time(self, session: SessionRecord, tariff: TimeTariff) -> None:
        turns, seconds = self.turns_of[session.session_id], session_s(session)
        if session.ready_ns is None:
            return
        self._owed += turns
        if seconds is None:
            self._refuse(session.session_id, "the session's end is not known")
            return
        self._known += turns
        paid = tariff.of_seconds(seconds)
        items = {Item.TIME: paid}
        self.of_records.append(
            Bill(session.session_id, None, None, tariff, {}, items, paid, seconds / 60)
        )

    def _refuse(self, session_id: str, why: str, *, owes: bool = False) -> None:
        self._owed += owes
        self._refused[why] += 1
        self.missing.add(session_id)


def responded(turn: TurnRecord) -> bool:
    """Return whether a response was begun, which is what a provider bills."""
    at = turn.at
    return any(
        ns is not None for ns in (at.response_created_ns, at.first_text_ns, at.first_audio_ns)
    )


def session_s(session: SessionRecord) -> Decimal | None:
    """Return how long a session was open, in seconds; `None` where it has not opened or ended."""
    if session.ready_ns is None or session.closed_ns is None:
        return None
    return Decimal(session.closed_ns - session.ready_ns) / NS_PER_S


def _turns(n: int) -> str:
    return f"{n} turn" if n == 1 else f"{n} turns"
