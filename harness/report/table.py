"""The result table a run ends with: plain text, at most 100 columns."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from harness.errors import sanitised
from harness.model import CorpusFacts, TurnStatus
from harness.model.accuracy_summary import AccuracySummary
from harness.model.summary import (
    CostSummary,
    LatenessSummary,
    LoadSummary,
    PairedSummary,
    PercentileSummary,
    StratumSummary,
    Summary,
)
from harness.model.validity_summary import ErrorBoundSummary
from harness.report import behaviour, cascade, understanding, vendor
from harness.report.cost import stages_in_words
from harness.report.formatting import (
    MINUS,
    MISSING,
    condition_name,
    counted,
    difference,
    milliseconds,
    money,
    number,
    signed,
)
from harness.report.run_quality import held_back
from harness.report.summary_view import (
    HEADLINE,
    HEADLINES,
    IN_TEXT,
    Part,
    by_class,
    by_network,
    failed,
    gaps,
    headline,
    paired,
    quantiles,
    several_targets,
    turns,
)

WIDTH = 100
_NAME, _TURNS, _CELL, _FAILED = 15, 7, 23, 9
_LABEL = 17
_INTERVALS = "[low, high]: 95 % interval within this run."
_MISSING = f" {MISSING} or ≥: not printed, for this reason:"


def result_table(summary: Summary) -> str:
    """Return the short result of a run as lines of text.

    Args:
        summary: A `harness.summary/2` object.

    Returns:
        Lines without colour codes and without a newline at the end. A percentile that is not
        supported shows a dash and is explained below the table.
    """
    networks, name_of_all = by_network(summary), headline(summary.metrics)
    rows: list[tuple[str, Part]] = list(networks.items())
    if len(rows) != 1:
        rows.append(("all networks", summary))
    classes: list[tuple[str, Part]] = list(by_class(summary).items())
    cells = [(name, part, quantiles(part.metrics)) for name, part in [*rows, *classes]]
    lines = [
        f"{name_of_all} in ms: {HEADLINES[name_of_all]}",
        _row("network", "turns", ("P50", "P95", "P99"), "failed"),
    ]
    for row, (name, part, found) in enumerate(cells):
        if row == len(rows):
            lines.append("user class")
        texts = [_cell(quantile) for quantile in found.values()]
        lines.append(_row(name, number(turns(part), 0), texts, number(failed(part), 0)))
    missing = gaps({name: found for name, _, found in cells})
    lines.append(_INTERVALS + (_MISSING if missing else ""))
    for gap in missing:
        lines += textwrap.wrap(gap, WIDTH, initial_indent="  ", subsequent_indent="    ")
    lines.append("")
    for label, text in facts(summary):
        lines += textwrap.wrap(
            text, WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL
        )
    return "\n".join(line.rstrip() for line in lines)


def _row(name: str, turned: str, texts: Iterable[str], failures: str) -> str:
    name = sanitised(name)
    name = name if len(name) < _NAME else name[: _NAME - 2] + "…"
    middle = "".join(text.rjust(_CELL) for text in texts)
    return name.ljust(_NAME) + turned.rjust(_TURNS) + middle + failures.rjust(_FAILED)


def _cell(quantile: PercentileSummary) -> str:
    if quantile.value is None:
        return MISSING if quantile.low is None else f"≥ {number(quantile.low)}"
    if quantile.low is None:
        return f"{number(quantile.value)} [{MISSING}]"
    high = "…" if quantile.high is None else number(quantile.high)
    return f"{number(quantile.value)} [{number(quantile.low)}, {high}]"


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return what else must be said of a run, as label and sentence."""
    name = headline(summary.metrics)
    lines = [
        ("turns", _ended(summary.load)),
        ("frame lateness", _lateness(summary.send_lateness, in_text=name == IN_TEXT)),
        ("error bound", error_bound(summary.validity.error_bound)),
        ("cost", _cost(summary.cost)),
        ("corpus", _corpus(summary.corpus)),
    ]
    if refusals := summary.load.refusals:
        lines.append(("refusals", f"a full server refused sessions {counted(refusals, 'time')}"))
    if summary.load.held_back:
        lines.append(("held back", held_back(summary.load.held_back)))
    if summary.load.old_names:
        names = ", ".join(sanitised(name) for name in summary.load.old_names)
        lines.append(("old names", f"messages came as {names}, and were understood"))
    if several_targets(summary):
        lines += [("target", _target(name, part)) for name, part in by_class(summary).items()]
    lines += behaviour.facts(summary)
    lines += understanding.facts(summary)
    lines += cascade.facts(summary)
    lines += vendor.facts(summary)
    lines += [("condition", _paired(found)) for found in paired(summary).values()]
    lines += [(f"measured {MINUS} true", _accuracy(one)) for one in _undelayed(summary)]
    validity = summary.validity
    reasons = "; ".join(sanitised(reason) for reason in validity.reasons)
    lines.append(("validity", f"{validity.state}: {reasons}" if reasons else validity.state))
    return lines


def _target(name: str, part: StratumSummary) -> str:
    return f"{sanitised(name)}: {sanitised(part.dialect)} at {sanitised(part.target)}"


def _ended(load: LoadSummary) -> str:
    """Say how the turns ended, in the order of the statuses."""
    counts = load.status
    named = [
        f"{number(counts[status], 0)} {status.replace('_', ' ')}"
        for status in TurnStatus
        if counts.get(status)
    ]
    planned = f" of {number(load.turns_planned, 0)} planned"
    return (", ".join(named) or "none") + ("" if load.turns == load.turns_planned else planned)


def _undelayed(summary: Summary) -> Sequence[AccuracySummary]:
    """Return measured minus true where no network adds to it; everywhere when all of them do."""
    found = summary.accuracy
    slow = {n.profile for n in summary.network if n.nominal.rtt_ms > 0}
    return [one for one in found if one.network not in slow] or found


def _lateness(found: LatenessSummary, *, in_text: bool) -> str:
    if not found.n:
        return f"{MISSING} {sanitised(found.why)}"
    named = (
        ("P50", found.p50_ms),
        ("P99", found.p99_ms),
        ("P99.9", found.p999_ms),
        ("worst", found.max_ms),
    )
    written = ", ".join(f"{label} {milliseconds(value)}" for label, value in named)
    return f"{written}; {number(found.n, 0)} {'steps of callers' if in_text else 'frames'}"


def error_bound(found: ErrorBoundSummary) -> str:
    """Say by how much latencies may be wrong through us."""
    named = (("P50", found.p50_ms), ("P99", found.p99_ms), ("worst", found.max_ms))
    told = ", ".join(f"{label} {milliseconds(value)}" for label, value in named)
    words = [f"{told}; {counted(found.n, 'turn')}" if found.n else f"{MISSING} {found.why}"]
    if found.n and found.unknown:
        words.append(f"not known of {number(found.unknown, 0)}")
    if found.n and found.by_loop:
        words.append(f"{number(found.by_loop, 0)} stamped by our own loop")
    if found.over_limit:
        limit = milliseconds(found.limit_ms)
        words.append(f"{number(found.over_limit, 0)} beyond {limit} and void")
    return ", ".join(words)


def _cost(found: CostSummary) -> str:
    told = (found.prices.note, found.note)
    note = "".join(f"; {sanitised(words)}" for words in told if words)
    currency = sanitised(found.currency)
    if found.cascade is not None and found.cascade.note:
        note = f"; {stages_in_words(found.cascade, currency)}{note}"
    if found.total is None:
        return f"{MISSING} {sanitised(found.why)}{note}"
    per_minute = money(found.per_minute, currency)
    basis = (
        f"from {found.basis}, prices of {sanitised(found.model)} in {sanitised(found.prices.date)}"
    )
    whole = "of the turns whose cost is known" if found.partial else "in all"
    return f"{per_minute} per minute, {money(found.total, currency)} {whole}; {basis}{note}"


def _corpus(found: CorpusFacts) -> str:
    kind = "SYNTHETIC SPEECH: no person said it" if found.synthetic else "recorded speech"
    if found.synthetic_part:
        kind = f"SYNTHETIC SPEECH in part: no person said {sanitised(found.synthetic_part)}"
    clips = f"{sanitised(found.name)}, {number(found.clips, 0)} clips"
    return f"{kind}; {clips}" if found.synthetic else f"{clips} of {kind}"


def _paired(found: Mapping[str, PairedSummary]) -> str:
    first = next(iter(found))
    one = found[first]
    names = f"{condition_name(one.condition)} {MINUS} {condition_name(one.against)}"
    same = f"the same {counted(one.utterances, 'utterance')}"
    value, under = difference(one, ", ")
    if value == MISSING:
        return f"{names}: {MISSING} {under}"
    parts = [f"{first} {value} ms [{under}]"]
    parts += [
        f"{metric} {difference(found[metric])[0]} ms"
        for metric in found
        if metric != first and found[metric].value is not None
    ]
    return f"{names}: {', '.join(parts)}; {same}, in the median"


def _accuracy(found: AccuracySummary) -> str:
    off = found.difference
    named = (("P50", off.p50_ms), ("P95", off.p95_ms), ("P99", off.p99_ms))
    told = ", ".join(f"{label} {signed(value)} ms" for label, value in named)
    note = f"; {sanitised(found.note)}" if found.note else ""
    of = "" if found.metric == HEADLINE else f" {found.metric}"
    return f"{sanitised(found.network)}{of}: {told} over {number(found.n, 0)} turns{note}"
