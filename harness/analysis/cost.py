"""What the conversation cost: tokens as the provider counted them, times a dated price list.

Unknown is not zero: tokens that the provider did not separate, or that contradict each other,
have no price, and neither has a model that is not in the list. Where the provider reported no
tokens at all the cost is estimated from the length of the speech, and says so: an estimate is a
floor, since a provider also bills text, and the whole conversation again with every response.
"""

from collections import Counter
from dataclasses import dataclass

from harness.analysis.priced_models import PricedModels
from harness.analysis.prices import Price, PriceList
from harness.model import NS_PER_S, Run, SessionRecord, TokenUsage, TurnRecord, add_up

_TOKENS_PER_PRICE = 1_000_000
# OpenAI's guide to realtime costs: one token for 100 ms of the caller, for 50 ms of the agent.
INPUT_TOKENS_PER_S = 10
OUTPUT_TOKENS_PER_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run cost.

    Attributes:
        currency: Three letters.
        basis: `usage` when tokens were reported, else `estimate`.
        model: The model whose prices were used; several are joined by commas.
        total: Of all turns that have a cost; `None` when it is not known, and then `why` says so.
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
    basis = "estimate" if total_usage(run) is None else "usage"
    models = PricedModels(run, prices)
    bills = _Bills(models, prices)
    for turn in run.turns:
        if basis == "estimate":
            bills.add(turn, _estimate(turn))
        else:
            bills.add(turn, turn.usage, untold=turn.responses_untold)
    if basis == "usage":
        for session in run.sessions:
            bills.add(session, session.usage, untold=session.responses_untold)
    reasons = "; ".join(f"{why} ({count})" for why, count in bills.reasons())
    if not bills.amounts:
        return Cost(
            currency=prices.currency,
            basis=basis,
            model=models.priced,
            why=reasons or "no turn has audio or usage",
            note=models.difference,
        )
    of_turns = bills.of_turns()
    # Minutes are known of sessions that ended; only their turns may be divided by them.
    minutes = {name: length for name, length in _minutes(run).items() if name not in bills.missing}
    inside = sum(bill.amount for bill in bills.amounts if bill.session_id in minutes)
    spoken = sum(minutes.values())
    return Cost(
        currency=prices.currency,
        basis=basis,
        model=models.priced,
        total=sum(bill.amount for bill in bills.amounts),
        per_minute=inside / spoken if spoken > 0 else None,
        per_turn=sum(of_turns) / len(of_turns) if of_turns else None,
        minutes=spoken if spoken > 0 else None,
        turns=len(of_turns),
        partial=bool(bills.missing),
        why="" if spoken > 0 else "no session of known length and cost, so nothing per minute",
        note=_note(run, basis, bills, reasons, models.difference),
    )


@dataclass(frozen=True, slots=True)
class _Bill:
    """What a turn has to pay, or a session for responses that are in no turn."""

    session_id: str
    of_turn: bool
    amount: float


class _Bills:
    """The records that have a cost, and those that have one that is not known.

    Attributes:
        amounts: What each costs.
        owed: Turns that have a response, which is what a provider bills.
        missing: Sessions that have something to pay that is not known.
    """

    def __init__(self, models: PricedModels, prices: PriceList) -> None:
        self.amounts: list[_Bill] = []
        self.owed = 0
        self.missing: set[str] = set()
        self._models, self._prices = models, prices
        self._refused: Counter[str] = Counter()
        self._untold = 0

    def add(
        self, record: TurnRecord | SessionRecord, usage: TokenUsage | None, *, untold: int = 0
    ) -> None:
        """Take the tokens of a record, `None` for none, and how many responses told none."""
        of_turn = isinstance(record, TurnRecord)
        amount = None
        if usage is not None:
            incomplete = of_turn and untold > 0
            amount = self._amount(record.session_id, usage, incomplete=incomplete)
        if amount is not None:
            self.amounts.append(_Bill(record.session_id, of_turn, amount))
        responded = isinstance(record, TurnRecord) and _responded(record)
        owes = responded or usage is not None or untold > 0
        self.owed += of_turn and owes
        self._untold += 0 if of_turn else untold
        if owes and (amount is None or untold):
            self.missing.add(record.session_id)

    def of_turns(self) -> list[float]:
        """Return what each turn costs that has a cost."""
        return [bill.amount for bill in self.amounts if bill.of_turn]

    def reasons(self) -> list[tuple[str, str]]:
        """Return why something has no cost, and of how many, the most frequent first."""
        found = [(why, _turns(count)) for why, count in self._refused.most_common()]
        if self._untold:
            words = "no tokens were told of responses that are in no turn or did not end"
            found.append((words, str(self._untold)))
        return found

    def _amount(self, session_id: str, usage: TokenUsage, *, incomplete: bool) -> float | None:
        model = self._models.of_session(session_id)
        found = self._prices.of_model(model)
        why = refusal(usage)
        if found is None:
            why = f"no price for model {model!r} in the list of {self._prices.date}"
        elif incomplete:
            why = "the provider told the tokens of only some responses of the turn"
        if found is None or why:
            self._refused[why] += 1
            return None
        return _price(usage, *found)


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
    """Return whether a response was begun, which is what a provider bills."""
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


def _note(run: Run, basis: str, bills: _Bills, reasons: str, difference: str) -> str:
    words, priced = [], len(bills.of_turns())
    if bills.missing:
        part = f"PARTIAL: cost known for {priced} of {bills.owed} turns that had a response"
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


def total_usage(run: Run) -> TokenUsage | None:
    """Add up the tokens reported in a run, those of no turn included; `None` for none."""
    told = [turn.usage for turn in run.turns if turn.usage is not None]
    told += [session.usage for session in run.sessions if session.usage is not None]
    return add_up(told) if told else None
