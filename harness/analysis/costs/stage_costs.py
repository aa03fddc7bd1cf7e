"""What a cascade cost: the speech, tokens and characters of its stage log, times dated prices.

Every response of the run's calls is priced, also one that no turn is joined to: before a tool is
called there is one, and it is billed. A stage whose price or count is not known has no cost, and
then the whole has none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.analysis.costs.billing import responded, session_s
from harness.analysis.prices import (
    PriceList,
    SpeechTariff,
    StageTariff,
    TextTariff,
    TimeTariff,
)
from harness.analysis.rounding import RATE_DIGITS, rounded
from harness.analysis.stages import tokens_untold
from harness.model import Run, StageRecord
from harness.model.cost_summary import CascadeCost, PriceListSummary, StageCost

_STAGES = ("stt", "llm", "tts")
_MILLION = 1_000_000
_NOTE = (
    "tokens that the LLM read from its cache are priced as new ones, and what failed or was"
    " interrupted as what was asked for: the log does not tell them apart"
)


@dataclass(frozen=True, slots=True)
class CascadeCalls:
    """The calls of a run that a cascade answered.

    Attributes:
        responses: Of them all, by the run's name of the session.
        lengths_s: How long each call of known length was.
        unlogged: Calls that had a response and are not in the log.
        whole: The run has no others.
    """

    responses: dict[str, list[StageRecord]]
    lengths_s: dict[str, Decimal]
    unlogged: int
    whole: bool


def cascade_calls(run: Run, stages: Iterable[StageRecord]) -> CascadeCalls | None:
    """Return the calls of a cascade; `None` where the log has no response of the run.

    Of a user class one of whose calls is in the log, all calls are the cascade's.
    """
    named = {one.provider_session_id: one.session_id for one in run.sessions}
    named |= {turn.provider_ids.get("session", ""): turn.session_id for turn in run.turns}
    named.pop("", None)
    found: defaultdict[str, list[StageRecord]] = defaultdict(list)
    for record in stages:
        if record.session_id in named:
            found[named[record.session_id]].append(record)
    if not found:
        return None
    classes = {turn.session_id: turn.user_class for turn in run.turns}
    classes |= {one.session_id: one.user_class for one in run.sessions}
    answered = {classes[name] for name in found}
    sessions = [one for one in run.sessions if one.user_class in answered]
    had = {one.session_id for one in run.turns if one.user_class in answered and responded(one)}
    return CascadeCalls(
        responses=dict(found),
        lengths_s={
            one.session_id: length for one in sessions if (length := session_s(one)) is not None
        },
        unlogged=len(had - found.keys()),
        whole=set(classes.values()) == answered,
    )


def cascade_cost(calls: CascadeCalls, prices: PriceList) -> CascadeCost:
    """Price the calls of a cascade.

    Args:
        calls: Of a run.
        prices: The list to use.
    """
    timed = {name: calls.responses.get(name, []) for name in calls.lengths_s}
    minutes = sum(calls.lengths_s.values(), Decimal(0)) / 60
    of_all = _by_provider(record for records in calls.responses.values() for record in records)
    of_timed = _by_provider(record for records in timed.values() for record in records)
    amounts: list[Decimal | None] = []
    timed_amounts: list[Decimal | None] = []
    rows: list[StageCost] = []
    for (stage, provider), records in of_all.items():
        tariff = prices.of_stage(stage, provider)
        why = _why(stage, provider, records, tariff, prices.date)
        known = None if why else tariff
        amounts.append(None if known is None else _amount(records, known))
        in_time = of_timed.get((stage, provider), [])
        timed_amounts.append(None if known is None else _amount(in_time, known))
        rows.append(
            StageCost(
                stage=stage,
                provider=provider,
                counts=_counts(stage, records),
                amount=_money(amounts[-1]),
                per_minute=_rate(timed_amounts[-1], minutes),
                prices=None if tariff is None else _source(tariff, prices),
                why=why,
            )
        )
    reasons = [f"{row.stage.upper()}: {row.why}" for row in rows if row.why]
    if calls.unlogged:
        lacks = f"{calls.unlogged} call{'s' if calls.unlogged > 1 else ''}"
        reasons.append(f"the stage log lacks {lacks} that had a response")
        amounts.append(None)
        timed_amounts.append(None)
    if not minutes:
        reasons.append("no call of known length, so no average")
    return CascadeCost(
        total=_money(_sum(amounts)),
        per_minute=_rate(_sum(timed_amounts), minutes),
        minutes=rounded(float(minutes)) if minutes else None,
        responses=sum(map(len, calls.responses.values())),
        stages=tuple(rows),
        note=_NOTE if any(amount is not None for amount in amounts) else "",
        why="; ".join(reasons),
    )


def _by_provider(
    records: Iterable[StageRecord],
) -> dict[tuple[str, str], list[StageRecord]]:
    """Return the responses for which each stage's providers were asked, in the stages' order."""
    found: defaultdict[tuple[str, str], list[StageRecord]] = defaultdict(list)
    for record in records:
        asked = {
            "stt": bool(record.heard_s),
            "llm": record.tokens_in is not None or tokens_untold(record),
            "tts": bool(record.characters),
        }
        for stage in _STAGES:
            if asked[stage]:
                found[stage, record.providers.get(stage, "")].append(record)
    return dict(sorted(found.items(), key=lambda it: (_STAGES.index(it[0][0]), it[0][1])))


def _why(
    stage: str,
    provider: str,
    records: Sequence[StageRecord],
    tariff: StageTariff | None,
    date: str,
) -> str:
    """Say why a stage has no cost; empty where it has one."""
    if not provider:
        return "the log does not say which provider it was"
    if tariff is None:
        return f"no price for {provider!r} in the list of {date}"
    untold = sum(map(tokens_untold, records)) if stage == "llm" else 0
    if untold:
        return f"tokens were not counted in {untold} of {len(records)} responses"
    return ""


def _amount(records: Sequence[StageRecord], tariff: StageTariff) -> Decimal:
    match tariff:
        case TimeTariff():
            heard_s = sum((Decimal(one.heard_s) for one in records), Decimal(0))
            return heard_s * tariff.per_minute / 60
        case TextTariff():
            read = sum(one.tokens_in or 0 for one in records)
            written = sum(one.tokens_out or 0 for one in records)
            return (read * tariff.text.input + written * tariff.text.output) / _MILLION
        case SpeechTariff():
            characters = sum(one.characters for one in records)
            return characters * tariff.per_million_characters / _MILLION


def _counts(stage: str, records: Sequence[StageRecord]) -> dict[str, float]:
    if stage == "stt":
        return {"minutes": rounded(sum(one.heard_s for one in records) / 60)}
    if stage == "tts":
        return {"characters": sum(one.characters for one in records)}
    if any(map(tokens_untold, records)):
        return {}
    return {
        "tokens read": sum(one.tokens_in or 0 for one in records),
        "tokens written": sum(one.tokens_out or 0 for one in records),
    }


def _source(tariff: StageTariff, prices: PriceList) -> PriceListSummary:
    return PriceListSummary(
        date=tariff.date or prices.date, source=tariff.source or prices.source, note=tariff.note
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _rate(amount: Decimal | None, minutes: Decimal) -> float | None:
    return _money(amount / minutes) if amount is not None and minutes else None


def _money(amount: Decimal | None) -> float | None:
    return None if amount is None else rounded(float(amount), RATE_DIGITS)
