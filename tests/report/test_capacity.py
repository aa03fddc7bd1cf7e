import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.findings import CapacityFindings, findings_of
from harness.analysis.capacity.search import Search, SearchRule
from harness.analysis.capacity.spike import Broken, Spike
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.analysis.quantiles import Sample, estimate
from harness.report.blocks import Figure, Text
from harness.report.capacity import capacity_sections, write_capacity
from harness.report.formatting import MISSING

FACTS = (("Scenario", "conversation"), ("Target", "ws://<host>"), ("Seed", "1"))


def step(load: int, *, late: bool, unfit: str = "") -> StepResult:
    values = np.linspace(700, 900, 200) + (2_000 if late else 0)
    share = ObjectiveShare(
        subject="voice_to_voice P95 at most 1500 ms",
        allowed=0.05,
        missed=values > 1_500,
        sessions=np.arange(200) // 4,
        blocks=np.arange(200) % 6,
        value_ms=float(values[-10]),
    )
    sample = Sample(values, np.arange(200) // 4)
    return StepResult(
        load=load,
        run=f"run-{load}",
        seconds=60.0,
        shares=() if unfit else (share,),
        unfit=unfit,
        turns=200,
        failed=0.01,
        metric="voice_to_voice",
        p50=estimate(sample, 0.5),
        p95=estimate(sample, 0.95),
    )


@pytest.fixture
def found() -> CapacityFindings:
    search = Search(SearchRule(start=8), np.random.default_rng(1))
    search.record(step(8, late=False, unfit="<script>alert(1)</script>"))
    while (load := search.next) is not None:
        search.record(step(load, late=load > 12))
    return findings_of(search, ("a <note>",))


def test_page_shows_limit_curve_and_steps(found: CapacityFindings, tmp_path: Path) -> None:
    page = write_capacity(tmp_path, found, FACTS, "USD").read_text()
    assert "12 calls [12, 12]." in page
    assert "Cliff: from 12 to 13 calls" in page
    assert page.count("<svg ") == 4
    assert "misses voice_to_voice P95 at most 1500 ms" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "a &lt;note&gt;" in page
    assert "<h1>Capacity · conversation · ws://&lt;host&gt;</h1>" in page
    assert "http" not in page.replace('http-equiv="Content', "")


def test_a_cost_that_not_every_step_has_says_of_how_many_it_is(
    found: CapacityFindings, tmp_path: Path
) -> None:
    first, *rest = found.steps
    some = replace(found, steps=(replace(first, cost=0.25), *rest))
    page = write_capacity(tmp_path, some, FACTS, "USD").read_text()
    assert f"1 of {len(found.steps)} steps, at list prices" in page


def test_identifiers_of_figures_are_their_own(found: CapacityFindings, tmp_path: Path) -> None:
    page = write_capacity(tmp_path, found, FACTS, "USD").read_text()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_spike_and_soak_are_sections_where_they_were_asked_for(found: CapacityFindings) -> None:
    names = [section.id for section in capacity_sections(found)]
    assert names == ["capacity", "steps", "capacity-method"]
    broken = Broken(
        subject="failure rate",
        before=None,
        during=0.5,
        judged=True,
        broke_within_s=5.0,
        back_within_s=20.0,
    )
    spike = Spike(load=12, peak=24, seconds=30, watched_s=60, broken=(broken,))
    soak = (
        Drift(what="latency", unit="ms", per_hour=3, low=1, high=7, n=9, sessions=30, hours=2),
        Drift(what="cost", unit="USD", why="needs 10 sessions"),
    )
    whole = replace(found, spike=spike, soak=soak)
    sections = {section.id: section for section in capacity_sections(whole)}
    table = sections["spike"].parts[0]
    assert table.rows[0] == ("failure rate", "≤ 5 s", "≤ 20 s", MISSING, "50.0 %")  # type: ignore[union-attr]
    rows = sections["soak"].parts[0].rows  # type: ignore[union-attr]
    assert rows[0][:2] == ("latency", "changes, in ms")
    assert rows[1][1] == "needs 10 sessions"
    unknown = replace(spike, why="nobody called")
    part = {s.id: s for s in capacity_sections(replace(found, spike=unknown))}["spike"].parts[0]
    assert part.text == "Unknown: nobody called."  # type: ignore[union-attr]
    missing = replace(found, not_made=(("soak", "the <budget> is spent"),))
    part = {s.id: s for s in capacity_sections(missing)}["soak"].parts[0]
    assert part.text == "Not made: the <budget> is spent."  # type: ignore[union-attr]


def test_no_axes_are_drawn_of_a_latency_that_no_step_tells(found: CapacityFindings) -> None:
    steps = tuple(replace(one, p50=None, p95=None) for one in found.steps)
    curve = capacity_sections(replace(found, steps=steps))[0]
    assert [type(part) for part in curve.parts] == [Figure, Text]
    both = capacity_sections(found)[0]
    assert [type(part) for part in both.parts] == [Figure, Figure]


def test_long_objectives_are_wrapped_where_the_page_is_narrow(found: CapacityFindings) -> None:
    long = "continuity with a buffer of 60 ms at least 90.00% on a network of its own"
    steps = tuple(
        replace(one, shares=tuple(replace(share, subject=long) for share in one.shares))
        for one in found.steps
    )
    figure = capacity_sections(replace(found, steps=steps))[0].parts[0]
    assert isinstance(figure, Figure)
    assert long in figure.wide
    assert long not in figure.narrow
    words = re.findall(r"<text[^>]*>([^<]*)</text>", figure.narrow)
    assert long in " ".join(words)


def test_a_hostile_objective_leaves_the_figure_its_room(found: CapacityFindings) -> None:
    steps = tuple(
        replace(one, shares=tuple(replace(share, subject="x" * 9_000) for share in one.shares))
        for one in found.steps
    )
    figure = capacity_sections(replace(found, steps=steps))[0].parts[0]
    assert isinstance(figure, Figure)
    for drawn in (figure.wide, figure.narrow):
        height_px = float(drawn.split('viewBox="')[1].split('"')[0].split()[3])
        assert 300 < height_px < 360


def test_a_search_without_a_fit_step_has_a_page(tmp_path: Path) -> None:
    unfit = [step(1, late=False, unfit="frames were late")] * 2
    search = Search(SearchRule(), np.random.default_rng(1), unfit)
    page = write_capacity(tmp_path, findings_of(search), FACTS, "USD").read_text()
    assert "The limit is not known" in page
    assert "unfit: frames were late" in page


def test_a_limit_beyond_the_largest_load_is_at_least_that(tmp_path: Path) -> None:
    search = Search(SearchRule(start=8, most=8), np.random.default_rng(1), [step(8, late=False)])
    page = write_capacity(tmp_path, findings_of(search), FACTS, "USD").read_text()
    assert "≥ 8" in page
    assert "At least 8 calls" in page
