"""Targets side by side."""

from dataclasses import replace

from harness.report.against_targets import by_target
from harness.report.blocks import Html, Table
from tests.report.test_against import found


def tables() -> dict[str, Table]:
    return {
        one.id: part for one in by_target(found()) for part in one.parts if isinstance(part, Table)
    }


def test_percentiles_have_their_counts_and_reasons() -> None:
    table = tables()["latency"]
    assert [row[0] for row in table.rows] == ["plain", "<b>cascade"]
    assert table.rows[1][1:3] == ("40", "39")
    assert table.rows[1][6] == ("2", "5.0 %")
    assert any("needs 59 turns" in note for note in table.notes)


def test_stages_of_a_cascade_stand_below_what_is_seen_from_outside() -> None:
    document = found()
    plain, cascade = document.targets
    inside = {"stt": replace(cascade.metrics["endpoint_delay"], title="Speech to text")}
    document = replace(document, targets=(plain, replace(cascade, stages=inside)))
    (stages,) = (one for one in by_target(document) if one.id == "stages")
    (table,) = stages.parts
    assert isinstance(table, Table)
    name, without, with_it = table.rows[-1]
    assert (name, without) == ("Speech to text", "–")  # noqa: RUF001
    assert isinstance(with_it, tuple)
    assert with_it[1].startswith("P95")
    assert "stamped itself" in stages.says[-1]


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    rows = {row[0]: row[1:] for row in tables()["rest"].rows}
    assert rows["Failed"] == (("0 %", "0 of 40"), ("5.0 %", "2 of 40"))
    assert rows["By party"] == ("–", "2 theirs")  # noqa: RUF001
    assert rows["Word errors"][0] == ("–", "no transcripts told")  # noqa: RUF001
    assert rows["Barge-in stop, ms"] == ("–", "–")  # noqa: RUF001


def test_every_run_is_linked() -> None:
    parts = [part for one in by_target(found()) if one.id == "targets" for part in one.parts]
    links = "".join(part.markup for part in parts if isinstance(part, Html))
    assert 'href="run-plain-0/report.html"' in links
    assert 'href="plain/report.html"' in links
    assert "&lt;b&gt;cascade" in links
