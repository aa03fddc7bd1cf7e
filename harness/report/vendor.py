"""What the vendor tells of the same calls, beside what was measured: on page and terminal."""

from collections.abc import Iterator

from harness.errors import sanitised
from harness.model.summary import Summary
from harness.model.vendor_account import VendorLatency, VendorSummary
from harness.report.blocks import Facts, Section, Table
from harness.report.formatting import MISSING, counted, money, number, percent
from harness.report.summary_view import HEADLINE

_TURN = "turn"


def section(summary: Summary) -> list[Section]:
    """Return the section of the vendor's own account; none where it was not asked."""
    told = summary.vendor
    if told is None:
        return []
    says = (
        (
            "Told by the vendor after the calls, over its REST API, and measured by nobody here:"
            " no other number on this page comes from it. A vendor's turn need not begin or end"
            " where a caller's does, and its percentiles of stages do not add up."
        ),
    )
    parts: tuple[Facts | Table, ...] = (Facts(pairs=tuple(_facts(told))),)
    if told.parts:
        parts += (_costs(told, summary),)
    if told.latencies:
        parts += (_latencies(told, summary),)
    title = "What the vendor tells of these calls"
    return [Section(id="vendor", title=title, says=says, parts=parts)]


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return cost and turn latency as the vendor tells them, as label and sentence."""
    told = summary.vendor
    if told is None:
        return []
    words = [_cost(told)]
    words += [
        f"turn P50 {number(one.p50_ms)} ms over {counted(one.n, 'turn')}"
        for one in told.latencies
        if one.stage == _TURN and one.p50_ms is not None
    ]
    return [("the vendor tells", "; ".join(words))]


def _facts(told: VendorSummary) -> Iterator[tuple[str, str]]:
    yield "Cost", _cost(told)
    if told.statuses:
        states = (f"{sanitised(name)} {count}" for name, count in told.statuses.items())
        yield "Calls", ", ".join(states)
    if told.missing:
        reasons = (f"{counted(n, 'call')}: {sanitised(why)}" for why, n in told.missing.items())
        yield "Missing", "; ".join(reasons)


def _cost(told: VendorSummary) -> str:
    calls = f"{told.priced} of {counted(told.calls, 'call')}"
    if told.total is None or told.per_call is None:
        return f"{MISSING} no cost was told of {counted(told.calls, 'call')}"
    total, each = money(told.total, told.currency), money(told.per_call, told.currency)
    return f"{total} for {calls}, {each} each"


def _costs(told: VendorSummary, summary: Summary) -> Table:
    total, ours = told.total or 0.0, summary.cost
    rows = [
        (sanitised(name), f"{amount:,.4f}", percent(amount / total) if total else MISSING)
        for name, amount in told.parts.items()
    ]
    here = MISSING if ours.total is None else money(ours.total, ours.currency)
    return Table(
        title="Cost, as the vendor tells it",
        head=("Part", told.currency, "Share"),
        rows=(*rows, ("together", f"{total:,.4f}", percent(1.0))),
        total=True,
        notes=(f"By the price list, from {ours.basis}, the run cost {here}: see Cost.",),
    )


def _latencies(told: VendorSummary, summary: Summary) -> Table:
    measured = summary.metrics.get(HEADLINE)
    rows = [_row(one) for one in told.latencies]
    if measured is not None:
        p50, p95 = (_ms(measured.percentile(percent).value) for percent in (50, 95))
        rows.append(("measured here, voice to voice", number(measured.n, 0), p50, p95))
    return Table(
        title="Latencies, as the vendor tells them",
        head=("Stage", "Turns", "P50, ms", "P95, ms"),
        rows=tuple(rows),
        total=measured is not None,
    )


def _row(one: VendorLatency) -> tuple[str, str, str, str]:
    return sanitised(one.stage), number(one.n, 0), _ms(one.p50_ms), _ms(one.p95_ms)


def _ms(value: float | None) -> str:
    return MISSING if value is None else number(value)
