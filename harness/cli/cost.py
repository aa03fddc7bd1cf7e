"""`harness cost`: what a run cost, where the money went, and what a month of it would cost."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from harness.analysis import PriceList
from harness.analysis.cost import STAGES, Cost, summed, with_stages
from harness.analysis.costs.account import cost_detail
from harness.analysis.costs.billing import Bills
from harness.analysis.costs.forecast import Forecast, forecast
from harness.cli.json_file import json_option, write_json
from harness.cli.summarising import recorded
from harness.errors import BadInput, ExitCode, sanitised
from harness.load.price_list import prices_with
from harness.model import Run
from harness.model.cost_summary import CascadeCost, CostDetail, CostElsewhere, TurnCost
from harness.recording import read_stages
from harness.report.cost import item_row, rate_in_words, share_row, stage_rows
from harness.report.formatting import MISSING, money, number, percent

_SCHEMA = "harness.cost/1"
_LABEL = 22


@click.command("cost")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file of prices that come before those of the package (docs/cost.md).",
)
@click.option(
    "--transcription",
    metavar="MODEL",
    help="Also price the transcription of the caller's speech by this model.",
)
@click.option(
    "--calls", type=click.FloatRange(min=0, min_open=True), help="Calls of a month to forecast."
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Minutes of conversation of a month to forecast.",
)
@json_option
def command(
    runs: tuple[Path, ...],
    prices: Path | None,
    transcription: str | None,
    calls: float | None,
    minutes: float | None,
    target: Path | None,
) -> int:
    """Account for what each RUN cost: per minute, turn and call, by what was paid for.

    Prices come from a dated list. What the provider did not tell has no cost, and is never taken
    for 0; without any tokens told the length of the speech gives a floor. Intervals are at 95 %,
    by drawing whole calls again.
    """
    if calls is not None and minutes is not None:
        raise BadInput("are both given", where="--calls and --minutes", hint="Give one of them")
    listed = prices_with(prices)
    documents = []
    for number_of, path in enumerate(runs):
        if number_of:
            click.echo()
        run = recorded(path)
        bills = Bills(run, listed)
        if transcription is not None:
            _transcribe(run, bills, listed, transcription)
        found, cascade = with_stages(summed(run, listed, bills), run, listed, read_stages(path))
        if found.basis == STAGES and transcription is not None:
            raise BadInput(
                "is not asked of a cascade, whose STT has a price of its own",
                where="--transcription",
                hint="Leave it out",
            )
        detail = None if found.basis == STAGES else cost_detail(run, listed, bills)
        wanted = calls is not None or minutes is not None
        month = forecast(detail, calls=calls, minutes=minutes) if detail and wanted else None
        for line in _lines(run, found, detail, month, listed):
            click.echo(line)
        if cascade is not None:
            for line in _of_stages(cascade, found):
                click.echo(line)
        if wanted and found.basis == STAGES:
            click.echo(_pair("month", f"{MISSING} not told of a cascade"))
        documents.append(
            {
                "run": run.manifest.run_id,
                "cost": asdict(found),
                "detail": None if detail is None else asdict(detail),
                "cascade": None if cascade is None else asdict(cascade),
                "month": None if month is None else asdict(month),
                "prices": {"date": listed.date, "source": listed.source},
            }
        )
    write_json(target, {"schema": _SCHEMA, "runs": documents})
    return ExitCode.PASS


def _transcribe(run: Run, bills: Bills, listed: PriceList, model: str) -> None:
    tariff = listed.transcription.get(model)
    if tariff is None:
        raise BadInput(
            f"no price for transcription by {model!r}",
            where="--transcription",
            hint=f"Known are {', '.join(listed.transcription)}; --prices FILE adds others",
        )
    bills.add_transcription(run, tariff)


def _lines(
    run: Run, found: Cost, detail: CostDetail | None, month: Forecast | None, listed: PriceList
) -> Iterator[str]:
    yield _pair("run", sanitised(run.manifest.run_id))
    model = sanitised(found.model) or "unknown model"
    tariff = listed.of_model(found.model)
    date = listed.date if tariff is None else tariff.date or listed.date
    source = listed.source if tariff is None else tariff.source or listed.source
    if found.basis == STAGES:
        yield from _of_cascade(found)
        return
    if detail is None:
        yield _pair("cost", f"{MISSING} unknown: {sanitised(found.why)}")
        if found.note:
            yield _pair("note", sanitised(found.note))
        yield _pair("prices", f"{listed.date}: {sanitised(listed.source)}")
        return
    whole = "of the turns whose cost is known" if found.partial else "in all"
    yield _pair("cost", f"{money(found.total, found.currency)} {whole}, from {found.basis}")
    yield _pair("prices", f"{model}, {date}: {sanitised(source)}")
    if tariff is not None and tariff.note:
        yield _pair("on top", sanitised(tariff.note))
    if found.note:
        yield _pair("note", sanitised(found.note))
    for rate in detail.rates:
        yield _pair(f"per {rate.per}", rate_in_words(rate, found.currency))
    if month is not None:
        yield _pair("month", _month(month, found.currency))
    yield ""
    rows = [item_row(item) for item in detail.items]
    rows.append(("together", "", f"{detail.total:,.4f}", percent(1.0)))
    yield from _table(("paid for", "count", found.currency, "share"), rows)
    yield ""
    for share in detail.shares:
        name, note, amount, part = share_row(share)
        words = f"{MISSING} {note}" if share.amount is None else f"{amount}, {part}: {note}"
        yield _pair(name, words)
    if detail.by_turn:
        yield ""
        yield from _table(
            ("turn", "n", found.currency, "tokens read", "cached"), map(_turn_row, detail.by_turn)
        )
        yield _pair("each further turn", rate_in_words(detail.growth, found.currency))
    if detail.elsewhere:
        yield ""
        head = ("the same calls with", "per minute", "ratio", "prices of", "from")
        yield from _table(head, map(_elsewhere_row, detail.elsewhere))


def _of_cascade(found: Cost) -> Iterator[str]:
    known = f"{money(found.total, found.currency)} in all, from {found.basis}"
    unknown = f"{MISSING} unknown: {sanitised(found.why)}"
    yield _pair("cost", unknown if found.total is None else known)
    yield _pair("per minute", money(found.per_minute, found.currency))
    missing = "" if found.total is None else found.why
    told = (("missing", missing), ("note", found.note))
    yield from (_pair(label, sanitised(words)) for label, words in told if words)


def _of_stages(cascade: CascadeCost, found: Cost) -> Iterator[str]:
    yield ""
    head = ("stage", "provider", "billed by", found.currency, "per minute", "price of")
    yield from _table(head, stage_rows(cascade))
    if found.basis != STAGES:
        told = (("missing", cascade.why), ("note", cascade.note))
        yield from (_pair(label, sanitised(words)) for label, words in told if words)


def _month(month: Forecast, currency: str) -> str:
    of = f"{number(month.volume, 0)} {month.of}s"
    if month.value is None:
        return f"{MISSING} {of}: {month.why}"
    words = f"{money(month.value, currency)} for {of}"
    if month.low is None or month.high is None:
        return f"{words}; {month.why}"
    return f"{words} [{number(month.low)}, {number(month.high)}]"


def _turn_row(one: TurnCost) -> tuple[str, ...]:
    read = number(one.input_tokens, 0)
    return str(one.turn), number(one.n, 0), f"{one.mean:.4f}", read, percent(one.cached)


def _elsewhere_row(one: CostElsewhere) -> tuple[str, ...]:
    known = one.per_minute is not None and one.ratio is not None
    amounts = (f"{one.per_minute:.4f}", f"{one.ratio:.2f}") if known else (MISSING, MISSING)
    return sanitised(one.model), *amounts, sanitised(one.date), sanitised(one.basis)


def _table(
    head: tuple[str, ...], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> Iterator[str]:
    whole = [head, *rows]
    widths = [max(len(row[index]) for row in whole) for index in range(len(head))]
    for row in whole:
        first = f"{row[0]:<{max(_LABEL, widths[0])}}"
        rest = (
            f"{cell:>{width}}" if index < len(head) - 2 else f"{cell:<{width}}"
            for index, (cell, width) in enumerate(zip(row[1:], widths[1:], strict=True))
        )
        yield f"{first}  {'  '.join(rest)}".rstrip()


def _pair(label: str, words: str) -> str:
    return f"{label:<{_LABEL}}  {words}"
