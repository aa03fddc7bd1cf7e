"""What the conversation cost, in short: tokens as the provider counted them, or time, times prices.

Unknown is not zero: tokens that the provider did not separate, or that contradict each other,
have no price, and neither has a model that is not in the list. Where the provider reported no
tokens at all the cost is estimated from the length of the speech, and says so: an estimate is a
floor, since a provider also bills text, and the whole conversation again with every response.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.costs.account import AMOUNT, MINUTE, OF_TURNS, TURN, call_table
from harness.analysis.costs.billing import ESTIMATE, Bills, responded
from harness.analysis.costs.stage_costs import cascade_calls, cascade_cost
from harness.analysis.prices import PriceList
from harness.model import Run, StageRecord, TokenUsage, add_up
from harness.model.cost_summary import CascadeCost

STAGES = "stages"
"""Basis of a cost that is that of a cascade's stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run cost.

    Attributes:
        currency: Three letters.
        basis: `usage` when tokens were reported, `time` where the length of sessions is billed,
            `stages` where the parts of a cascade were priced, else `estimate`.
        model: The model whose prices were used; several are joined by commas.
        total: Of all turns that have a cost; `None` when it is not known, and then `why` says so.
        per_minute: Per minute of conversation, over the sessions all of whose responses have a
            cost; `None` without one of known length.
        per_turn: Per turn of these sessions that has a cost.
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
    return summed(run, prices, Bills(run, prices))


def summed(run: Run, prices: PriceList, bills: Bills) -> Cost:
    """Add up the bills of a run."""
    models, reasons = bills.models, bills.reasons()
    if not bills.of_records:
        return Cost(
            currency=prices.currency,
            basis=bills.basis,
            model=models.priced,
            why=reasons or "no turn has audio or usage",
            note=models.difference,
        )
    # Minutes are known of sessions that ended; only what these cost may be divided by them.
    table = call_table(run, bills)
    per_minute = table.value(AMOUNT, MINUTE)
    return Cost(
        currency=prices.currency,
        basis=bills.basis,
        model=models.priced,
        total=float(bills.total),
        per_minute=per_minute,
        per_turn=table.value(OF_TURNS, TURN),
        minutes=None if per_minute is None else table.sum(MINUTE),
        turns=bills.turns,
        partial=bool(bills.missing),
        why="no session of known length and cost, so no average" if per_minute is None else "",
        note=note(run, bills),
    )


def with_stages(
    found: Cost, run: Run, prices: PriceList, stages: Iterable[StageRecord]
) -> tuple[Cost, CascadeCost | None]:
    """Return the cost of a run of which there may be a cascade's stage log, and of its stages.

    The stages are the cost where a cascade answered all calls and the list has no price for it as
    a whole; else they stand beside it.

    Args:
        found: What the run costs without them.
        run: The records.
        prices: The list to use.
        stages: The log; empty where there is none.
    """
    calls = cascade_calls(run, stages)
    if calls is None:
        return found, None
    cascade = cascade_cost(calls, prices)
    listed = any(prices.of_model(name) for name in found.model.split(", "))
    if listed or not calls.whole:
        return found, cascade
    return (
        Cost(
            currency=prices.currency,
            basis=STAGES,
            model=", ".join(dict.fromkeys(stage.provider for stage in cascade.stages)),
            total=cascade.total,
            per_minute=cascade.per_minute,
            minutes=cascade.minutes,
            turns=0 if cascade.total is None else sum(map(responded, run.turns)),
            why=cascade.why,
            note=cascade.note,
        ),
        cascade,
    )


def note(run: Run, bills: Bills) -> str:
    """Return what the reader of a cost must know."""
    words, part, reasons = [], bills.partial(), bills.reasons()
    if part:
        words.append(f"{part}; {reasons}" if reasons else part)
    if bills.models.difference:
        words.append(bills.models.difference)
    if run.manifest.simulated:
        words.append("nothing was billed: what these turns would have cost at list prices")
    if bills.basis == ESTIMATE:
        words.append(
            "estimated from the length of the speech; text and the conversation read again with"
            " every response are not in it, so it is a floor"
        )
    return "; ".join(words)


def total_usage(run: Run) -> TokenUsage | None:
    """Add up the tokens reported in a run, those of no turn included; `None` for none."""
    told = [turn.usage for turn in run.turns if turn.usage is not None]
    told += [session.usage for session in run.sessions if session.usage is not None]
    return add_up(told) if told else None
