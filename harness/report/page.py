"""The HTML page: one file, readable without its script, no request to anywhere."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from harness.errors import sanitised
from harness.model import Run
from harness.model.summary import Summary
from harness.report import (
    behaviour,
    calls,
    cascade,
    comparison,
    conditions,
    cost,
    figure_sections,
    history,
    networks,
    outcomes,
    positions,
    run_capacity,
    run_quality,
    sections,
    understanding,
    vendor,
)
from harness.report.beside import ALONE, Beside
from harness.report.blocks import Card, Section
from harness.report.formatting import counted, moment
from harness.report.points import networks as networks_of
from harness.report.summary_view import by_class, by_kind

_VERDICTS = {
    "VALID": "The instrument was fit and the networks were what they say: the numbers can be used.",
    "DEGRADED": "The numbers can be used with care. What speaks against them:",
    "INVALID": "Do not use these numbers: they say more about this run than about the API.",
}


# The sections whose numbers the one of methods defines.
_DEFINED = (
    *("capacity", "comparison", "latency", "curve", "time", "stages", "classes", "kinds"),
    *("positions", "conditions", "paired", "metrics", "calls", "errors"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the template shows, from the top down.

    `networks` can be hidden one by one; the sections `defined` lead to the one of methods.
    """

    title: str
    subtitle: str
    state: str
    verdict: str
    reasons: tuple[str, ...]
    loud: tuple[str, ...]
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    footer: str
    networks: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()


def render_page(
    run: Run, summary: Summary, beside: Beside = ALONE, heard: Sequence[Section] = ()
) -> str:
    """Return the report as HTML.

    Args:
        run: The records.
        summary: The run's `harness.summary/2` object.
        beside: What is shown beside it.
        heard: The turns that were recorded, to listen to.
    """
    return as_html(page_of(run, summary, beside, heard))


def as_html(page: Page) -> str:
    """Return a page as HTML; text from anywhere else is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    script = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # The script is a file of this package, and the only one that the page's policy lets run.
    return environment.get_template("template.html.j2").render(
        page=page,
        script=Markup(script),  # noqa: S704
        script_hash=f"sha256-{digest}",
    )


def page_of(run: Run, summary: Summary, beside: Beside, heard: Sequence[Section] = ()) -> Page:
    """Return what the report of a run shows, from the top down."""
    manifest, validity = run.manifest, summary.validity
    against = "the simulator" if manifest.simulated else sanitised(manifest.target)
    done = summary.load
    load = f"{counted(done.turns, 'turn')} in {counted(done.sessions, 'session')}"
    merged = sum(event.merged is not None for event in run.events)
    of_runs = f" of {merged} runs merged" if merged else ""
    loud: tuple[str, ...] = ()
    if manifest.corpus.synthetic:
        part = sanitised(manifest.corpus.synthetic_part)
        who = f"some callers say ({part})" if part else "these callers say"
        loud = (f"Synthetic speech: no person said what {who}.",)
    return Page(
        title=f"{sanitised(manifest.model or 'unknown model')} · {sanitised(manifest.scenario)}",
        subtitle=f"{load}{of_runs} with {against}, begun {moment(manifest.started_at)}."
        " No objective is judged on this page; harness gate does that.",
        state=str(validity.state),
        verdict=_VERDICTS[validity.state],
        reasons=tuple(sanitised(reason) for reason in validity.reasons),
        loud=loud,
        cards=(*_capacity_card(beside), *sections.cards(summary)),
        sections=tuple(_sections(run, summary, beside, heard)),
        networks=tuple(sanitised(name) for name in networks_of(run)),
        defined=_DEFINED,
        footer=f"Run {sanitised(manifest.run_id)}. Written by harness from {summary.schema}.",
    )


def _capacity_card(beside: Beside) -> tuple[Card, ...]:
    return () if beside.capacity is None else (run_capacity.card(beside.capacity),)


def _sections(
    run: Run, summary: Summary, beside: Beside, heard: Sequence[Section]
) -> list[Section]:
    held = beside.capacity
    return [
        *([] if held is None else [run_capacity.section(held, beside.worth)]),
        *comparison.section(beside.comparison),
        sections.latency(summary, figure_sections.interval_figure(summary)),
        *figure_sections.drawn_sections(run),
        *heard,
        *([sections.classes(summary)] if by_class(summary) else []),
        *([sections.kinds(summary)] if by_kind(summary) else []),
        *positions.section(summary),
        *history.section(beside.past, run.manifest.run_id),
        *conditions.sections(summary),
        *behaviour.section(summary),
        *understanding.section(summary),
        *cascade.section(summary),
        sections.metrics(summary),
        *calls.section(run, summary),
        outcomes.errors(summary),
        networks.network(summary),
        cost.cost(summary.cost),
        *vendor.section(summary),
        outcomes.corpus(run),
        run_quality.instrument(summary),
        run_quality.provenance(run),
        run_quality.method(run, summary),
    ]
