"""What each target came to by itself, side by side: latency, stages, failures, cost."""

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from harness.analysis import BY_NAME
from harness.errors import sanitised
from harness.model.against_document import AgainstDocument, TargetFindings
from harness.model.summary import MetricSummary, PercentileSummary
from harness.report import against_text, figures
from harness.report.blocks import Cell, Facts, Html, Part, Section, Table
from harness.report.figure_sections import both_widths
from harness.report.formatting import MISSING, number, percent
from harness.report.summary_view import HEADLINE, gaps, quantiles

_OUTSIDE = ("endpoint_delay", "response_delay", "leading_silence", "session_setup")

Targets = Sequence[TargetFindings]


def by_target(found: AgainstDocument) -> Iterator[Section]:
    """Yield the sections that put targets side by side."""
    yield _latency(found.targets)
    yield _stages(found.targets)
    yield _rest(found.targets)
    yield _held(found.targets)


def _latency(targets: Targets) -> Section:
    names = against_text.row_names(targets)
    known = {names[one.name]: quantiles(one.metrics, HEADLINE) for one in targets}
    rows = tuple(
        (
            name,
            number(one.turns, 0),
            number(one.metrics[HEADLINE].n if HEADLINE in one.metrics else 0, 0),
            *(_cell(each) for each in known[name].values()),
            (number(one.failure_rate.failed, 0), percent(one.failure_rate.value)),
        )
        for name, one in zip(known, targets, strict=True)
    )
    table = Table(
        title="voice_to_voice by target",
        head=("Target", "Turns", "Measured", "P50, ms", "P95, ms", "P99, ms", "Failed"),
        rows=rows,
        notes=tuple(f"{gap}." for gap in gaps(known)),
    )
    parts: list[Part] = [table]
    if any(one.value is not None for found in known.values() for one in found.values()):
        parts.append(
            both_widths(
                lambda width: figures.intervals(known, width_px=width, by="target"),
                "Dot: the percentile. Bar: its 95 % interval.",
            )
        )
    says = (
        "All turns of a target by itself, those without a partner included.",
        "Intervals of two targets may overlap where the same turns differ clearly.",
    )
    return Section(id="latency", title="Voice to voice by target", says=says, parts=tuple(parts))


def _cell(found: PercentileSummary) -> Cell:
    value, under = against_text.percentile(found)
    # Why one is not known stands below the table.
    return value if found.value is None else (value, under)


def _stages(targets: Targets) -> Section:
    """Return what can be told from outside, and below it the stages that a cascade stamped."""
    rows = [
        (BY_NAME[name].title, *(_middle(one.metrics.get(name)) for one in targets))
        for name in _OUTSIDE
        if any(name in one.metrics for one in targets)
    ]
    inside = dict.fromkeys(name for one in targets for name in one.stages)
    for name in inside:
        title = next(one.stages[name].title for one in targets if name in one.stages)
        rows.append((sanitised(title), *(_middle(one.stages.get(name)) for one in targets)))
    head = ("Stage", *(f"{against_text.short(one.name)}, ms" for one in targets))
    says = (
        "P50, below it P95. Percentiles of stages do not add up to that of the whole.",
        *(("Stages that a cascade stamped itself stand last.",) if inside else ()),
    )
    table = Table(title="Latency by stage", head=head, rows=tuple(rows))
    return Section(id="stages", title="Where the time goes", says=says, parts=(table,))


def _middle(found: MetricSummary | None) -> Cell:
    if found is None or not found.n:
        return MISSING
    middle, tail = (against_text.percentile(found.percentile(percent))[0] for percent in (50, 95))
    return middle, f"P95 {tail}"


def _rest(targets: Targets) -> Section:
    quantities: dict[str, Callable[[TargetFindings], Cell]] = {
        "Failed": _shares,
        "By party": lambda one: against_text.parties(one) or MISSING,
        "Interruptions that stopped the response": _interruptions,
        "Barge-in stop, ms": lambda one: _middle(one.metrics.get("barge_in_stop")),
        "Word errors": against_text.word_errors,
        "Cost a minute": against_text.cost,
    }
    rows = tuple(
        (title, *(quantity(one) for one in targets)) for title, quantity in quantities.items()
    )
    head = ("", *(against_text.short(one.name) for one in targets))
    table = Table(
        title="Failures, interruptions, understanding and cost by target", head=head, rows=rows
    )
    says = (
        f"{MISSING} is not known or was not asked for; it is never zero.",
        "Party: whose fault a turn's failure was. Word errors: the API's transcript of the caller.",
    )
    return Section(id="rest", title="What else differs", says=says, parts=(table,))


def _shares(one: TargetFindings) -> Cell:
    rate = one.failure_rate
    return percent(rate.value), f"{number(rate.failed, 0)} of {number(rate.n, 0)}"


def _interruptions(one: TargetFindings) -> Cell:
    found = None if one.behaviour is None else one.behaviour.barge_in
    if found is None:
        return MISSING
    return number(
        found.stopped, 0
    ), f"of {number(found.planned, 0)}; {number(found.deaf, 0)} unheard"


def _held(targets: Targets) -> Section:
    facts = Facts(pairs=tuple((sanitised(one.name), "; ".join(_facts(one))) for one in targets))
    says = ("Every run has a folder beside this page, with a report and its records.",)
    links = tuple(Html(markup=_links(one)) for one in targets)
    return Section(id="targets", title="What was held", says=says, parts=(facts, *links))


def _facts(one: TargetFindings) -> Iterator[str]:
    yield "the simulator" if one.simulated else sanitised(one.address)
    yield f"model {sanitised(one.model) or 'not known'}"
    yield f"dialect {sanitised(one.dialect)}, frames of {one.frame_ms} ms"
    ended = (f"{number(n, 0)} {against_text.outcome(status)}" for status, n in one.status.items())
    yield f"turns: {', '.join(ended)} of {number(one.turns_planned, 0)} planned"
    yield f"{one.validity.state}"


def _links(one: TargetFindings) -> Markup:
    """Return links to the reports of a target's runs, and of all of them as one."""
    named = {f"round {place}": folder for place, folder in enumerate(one.runs, start=1)}
    if one.folder not in one.runs:
        named["all rounds"] = one.folder
    link = Markup('<a href="{}/report.html">{}</a>')
    links = Markup(", ").join(link.format(folder, words) for words, folder in named.items())
    return Markup('<p class="plain">Reports of {}: {}</p>').format(sanitised(one.name), links)
