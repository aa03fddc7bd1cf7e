import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.model import Run, Summary, TurnStatus, ValidityState
from harness.model.accuracy_summary import AccuracySummary, DifferenceSummary, PercentileDifferences
from harness.model.summary import (
    PercentileSummary,
)
from harness.report.formatting import MINUS, MISSING
from harness.report.table import error_bound, result_table

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


@pytest.fixture(scope="module")
def table(make_run: MakeRun, summary_of: SummaryOf) -> str:
    return result_table(summary_of(make_run(fault_every=40)))


def _line(table: str, start: str) -> str:
    return next(line for line in table.splitlines() if line.startswith(start))


def test_table_fits_a_hundred_columns_and_has_no_colour_codes(table: str) -> None:
    assert max(map(len, table.splitlines())) <= 100
    assert "\x1b" not in table


def test_each_network_and_all_together_has_a_row(table: str) -> None:
    rows = [_line(table, name) for name in ("ideal", "lte_good", "wifi_busy", "all networks")]
    assert [row.split()[1 if row[:3] != "all" else 2] for row in rows] == ["120"] * 3 + ["360"]
    assert [row.split()[-1] for row in rows] == ["3", "3", "3", "9"]
    assert all(len(re.findall(r"\[[^\]]+, [^\]]+\]", row)) >= 2 for row in rows)


def test_numbers_are_those_of_the_summary(make_run: MakeRun, summary_of: SummaryOf) -> None:
    summary = summary_of(make_run())
    p95 = PercentileSummary(value=1234.4, low=1100.2, high=1399.6)
    whole = replace(summary.metrics["voice_to_voice"], p95=p95)
    summary = replace(summary, metrics=summary.metrics | {"voice_to_voice": whole})
    line = _line(result_table(summary), "all networks").replace("\N{NARROW NO-BREAK SPACE}", "")
    assert "1234 [1100, 1400]" in line


def test_unsupported_percentile_is_a_dash_with_its_reason_and_never_zero(table: str) -> None:
    row = _line(table, "ideal")
    assert re.split(r"\s{2,}", row)[-2:] == [MISSING, "3"]
    assert "ideal P99; lte_good P99; wifi_busy P99: needs 299 turns" in table


def test_percentile_beyond_the_limit_shows_what_is_known_of_it(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(fault_every=12, lost_as=TurnStatus.NO_REPLY)
    table = result_table(summary_of(run)).replace("\N{NARROW NO-BREAK SPACE}", "")
    assert "≥ 15000" in _line(table, "all networks")
    assert "above the limit" in table


def test_single_network_is_not_repeated_as_all(make_run: MakeRun, summary_of: SummaryOf) -> None:
    assert "all networks" not in result_table(summary_of(make_run(networks=("ideal",))))


def test_lines_below_carry_lateness_cost_corpus_and_validity(table: str) -> None:
    assert "P99 0.31 ms, P99.9 0.62 ms" in _line(table, "frame lateness")
    assert re.search(r"USD [\d.]+ per minute, USD [\d.]+ in all; from usage", table)
    assert "60 clips of recorded speech" in _line(table, "corpus")
    assert _line(table, "validity") == "validity         VALID"


def test_how_turns_ended_is_counted(make_run: MakeRun, summary_of: SummaryOf) -> None:
    summary = summary_of(make_run())
    status = {"broken_off": 3, "completed": 5, "timeout": 1}
    summary = replace(summary, load=replace(summary.load, status=status))
    assert _line(result_table(summary), "turns").split(maxsplit=1)[1] == (
        "5 completed, 3 broken off, 1 timeout"
    )


def test_a_partial_cost_is_not_called_all_and_an_unknown_one_is_a_dash(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_run())
    told = " ".join(result_table(summary).split())
    assert " in all; from usage, prices of gpt-realtime in " in told
    cost = replace(summary.cost, partial=True, note="PARTIAL: 1 of 2")
    summary = replace(summary, cost=cost)
    told = result_table(summary)
    assert "of the turns whose cost is known" in told
    assert " in all;" not in told
    cost = replace(cost, total=None, why="nobody told", note="another model")
    summary = replace(summary, cost=cost)
    assert f"{MISSING} nobody told; another model" in _line(result_table(summary), "cost")


def test_synthetic_speech_is_said_loudly(make_run: MakeRun, summary_of: SummaryOf) -> None:
    table = result_table(summary_of(make_run(synthetic=True)))
    assert "SYNTHETIC SPEECH: no person" in _line(table, "corpus")


def test_which_part_of_the_speech_is_synthetic_is_said(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_run(synthetic=True))
    whole = summary.corpus
    parts = tuple(replace(whole, name=name, synthetic=name == "made") for name in ("made", "x"))
    summary = replace(summary, corpus=replace(whole, parts=parts))
    words = "SYNTHETIC SPEECH in part: no person said made;"
    assert words in _line(result_table(summary), "corpus")


def test_invalid_run_says_so_with_every_reason(make_run: MakeRun, summary_of: SummaryOf) -> None:
    summary = summary_of(make_run())
    reasons = ("first reason", "second reason")
    validity = replace(summary.validity, state=ValidityState.INVALID, reasons=reasons)
    summary = replace(summary, validity=validity)
    assert _line(result_table(summary), "validity").endswith("INVALID: first reason; second reason")


def test_the_bound_of_error_is_stated_and_what_is_not_known_of_it(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_run(calls=20))
    line = _line(result_table(summary), "error bound")
    assert line.endswith("P50 0.30 ms, P99 0.30 ms, worst 0.30 ms; 120 turns")
    some = replace(summary.validity.error_bound, unknown=3, over_limit=2, by_loop=4)
    words = "120 turns, not known of 3, 4 stamped by our own loop, 2 beyond 10.0 ms and void"
    assert error_bound(some).endswith(words)
    none = replace(some, n=0, why="nobody says")
    assert error_bound(none) == f"{MISSING} nobody says, 2 beyond 10.0 ms and void"


def test_refusals_are_told_where_there_were_any(make_run: MakeRun, summary_of: SummaryOf) -> None:
    summary = summary_of(make_run(calls=3))
    assert "refused" not in result_table(summary)
    full = replace(summary, load=replace(summary.load, refusals=2))
    assert _line(result_table(full), "refusals").endswith("refused sessions 2 times")


def test_old_names_of_messages_are_told(make_run: MakeRun, summary_of: SummaryOf) -> None:
    summary = summary_of(make_run(calls=3))
    assert "old names" not in result_table(summary)
    load = replace(summary.load, old_names=("response.audio.delta",))
    told = result_table(replace(summary, load=load))
    assert "came as response.audio.delta" in _line(told, "old names")


def _accuracy(network: str) -> AccuracySummary:
    return AccuracySummary(
        network=network,
        n=90,
        difference=DifferenceSummary(p50_ms=-0.4, p95_ms=0.9, p99_ms=1.7, min_ms=-1.0, max_ms=2.0),
        of_percentiles=PercentileDifferences(p50_ms=0.0, p95_ms=0.0, p99_ms=0.0),
        note="",
    )


def test_measured_minus_true_is_signed_and_free_of_the_network(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_run())
    summary = replace(summary, accuracy=(_accuracy("ideal"), _accuracy("lte_good")))
    lines = [x for x in result_table(summary).splitlines() if x.startswith("measured")]
    expected = f"ideal: P50 {MINUS}0.40 ms, P95 +0.90 ms, P99 +1.70 ms over 90 turns"
    assert [line[17:] for line in lines] == [expected]
    summary = replace(summary, accuracy=(_accuracy("lte_good"),))
    assert "lte_good: P50" in result_table(summary)


def test_run_without_turns_has_dashes_only(make_run: MakeRun, summary_of: SummaryOf) -> None:
    table = result_table(summary_of(make_run(calls=0)))
    assert re.split(r"\s{2,}", _line(table, "ideal")) == [
        "ideal",
        "0",
        MISSING,
        MISSING,
        MISSING,
        "0",
    ]
    assert "no turn" in table


def test_a_run_in_text_is_told_by_its_first_tokens(
    make_text_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_text_run(fault_every=40))
    table = result_table(summary)
    assert table.startswith("time_to_first_token in ms: due instant of the prompt")
    assert max(map(len, table.splitlines())) <= 100
    assert "steps of callers" in _line(table, "frame lateness")
    assert re.split(r"\s{2,}", _line(table, "ideal"))[-3] != MISSING
    unheard = summary.metrics["voice_to_voice"]
    assert unheard.n == 0
    assert unheard.p50.value is None
    assert unheard.p50.why == "no turns in audio were measured"
    assert summary.load.turns_measured == 351
    assert summary.validity.error_bound.n == 351
    assert summary.failure_rate.failed == 9
