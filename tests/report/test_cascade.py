from dataclasses import replace

from harness.model import CascadeSummary, Summary
from harness.model.summary import MetricSummary, PercentileSummary
from harness.report.cascade import facts, section
from harness.report.formatting import MISSING
from harness.report.page import render_page
from tests.report.conftest import MakeRun, SummaryOf

FEW = PercentileSummary(value=None, low=None, high=None, why="needs 90 turns, has 12")


def _stage(title: str, value: float, n: int = 12) -> MetricSummary:
    known = PercentileSummary(value=value, low=value - 1, high=value + 1)
    return MetricSummary(
        unit="ms",
        title=title,
        definition=f"from <here> to {title}",
        of="turns",
        n=n,
        sessions=3,
        censored=0,
        p50=known,
        p90=known,
        p95=replace(known, high=None),
        p99=FEW,
    )


def _with_stages(summary: Summary) -> Summary:
    did = CascadeSummary(
        responses=14,
        cancelled=1,
        failed={"stt": 2},
        failures={"the STT provider answered <429>": 2},
        providers={"llm": ("b",), "stt": ("a",)},
        heard_s=40.0,
        tokens_in=None,
        tokens_out=None,
        tokens_untold=1,
        characters=900,
    )
    stages = {"stt": _stage("STT", 120.0), "tts": _stage("TTS", 40.0, 11)}
    return replace(summary, stages=stages, cascade=did)


def test_stages_are_a_table_with_intervals_and_reasons(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    run = make_run(calls=2)
    summary = _with_stages(summary_of(run))
    (shown,) = section(summary)
    (table, did, _) = shown.parts
    assert table.rows[0] == (  # type: ignore[union-attr]
        *("STT", "12", ("120", "119 to 121"), ("120", "119 or more"), MISSING),
    )
    assert table.notes == ("STT P99; TTS P99: needs 90 turns, has 12.",)  # type: ignore[union-attr]
    pairs = dict(did.pairs)  # type: ignore[union-attr]
    assert list(pairs)[:3] == ["STT", "LLM", "Responses"]
    assert pairs["Failed, 2 times"] == "the STT provider answered <429>"
    assert pairs["Tokens"] == f"{MISSING}; not counted by the LLM in 1 response"
    page = render_page(run, summary)
    assert 'id="cascade"' in page
    assert "from &lt;here&gt; to STT" in page


def test_the_table_of_a_run_tells_the_stages_in_a_line(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    summary = _with_stages(summary_of(make_run(calls=2)))
    told = "P50/P95 in ms of 12 turns: STT 120/120, TTS 40.0/40.0 (11)"
    assert facts(summary) == [("stages", told)]


def test_a_run_without_a_log_has_no_stages(summary_of: SummaryOf, make_run: MakeRun) -> None:
    summary = summary_of(make_run(calls=2))
    assert (section(summary), facts(summary)) == ([], [])
