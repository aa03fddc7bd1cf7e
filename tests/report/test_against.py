"""The page of several targets, from its document."""

from dataclasses import replace
from pathlib import Path

from harness.analysis.against import compare_targets
from harness.model import TurnStatus
from harness.model.against_document import AgainstDocument
from harness.model.validity_summary import ValidityState
from harness.report.against import page_of, write_comparison
from harness.report.blocks import Figure, Section, Table, Text
from tests.analysis.conftest import build_turn
from tests.analysis.test_against import a_run, target


def found() -> AgainstDocument:
    """Return a comparison in which one turn was lost and one not answered in time."""
    other = a_run(70.0, 20.0)
    lost = [
        build_turn(None, session="s0", index=n, utterance_id="u0", status=status)
        for n, status in enumerate((TurnStatus.FAILED, TurnStatus.TIMEOUT))
    ]
    other = replace(other, turns=(*lost, *other.turns[2:]))
    held = target("plain", a_run(0.0)), target("<b>cascade", other)
    return compare_targets(held, rounds_planned=1, transcripts={"u1": "good <i>morning"})


def section(document: AgainstDocument, name: str) -> Section:
    return next(one for one in page_of(document).sections if one.id == name)


def test_the_page_says_the_verdict_and_draws_every_utterance(tmp_path: Path) -> None:
    path = write_comparison(tmp_path, found())
    html = path.read_text()
    assert "<b>cascade" not in html
    assert "&lt;b&gt;cascade is slower than plain by " in html
    assert "good &lt;i&gt;morning" in html
    assert "in the median, on the same 39 utterances in 10 calls" in html
    assert "good " in (tmp_path / "against.md").read_text()


def test_the_same_turns_stand_with_their_figure_and_every_round() -> None:
    document = found()
    text, table, figure, rounds = section(document, "difference").parts
    assert isinstance(text, Text)
    assert isinstance(table, Table)
    assert isinstance(figure, Figure)
    assert isinstance(rounds, Table)
    assert table.rows[0][1:3] == ("39", "10")
    assert table.rows[0][4] == ("1", "against 0")
    assert [row[0] for row in rounds.rows] == ["Round 1"]


def test_what_was_not_compared_is_named() -> None:
    (table,) = section(found(), "left").parts
    assert isinstance(table, Table)
    assert table.rows == (("<b>cascade", "failed", "answered", "u0", "1"),)
    whole = compare_targets((target("a", a_run(0.0)), target("b", a_run(9.0))), rounds_planned=1)
    (part,) = section(whole, "left").parts
    assert part == Text(text="Every planned turn was compared.")


def test_an_invalid_comparison_says_so_before_any_verdict() -> None:
    document = replace(found(), state=ValidityState.INVALID, reasons=("a is INVALID: late",))
    page = page_of(document)
    assert page.state == "INVALID"
    assert "slower" not in page.subtitle
    assert page.verdict.startswith("Do not use these numbers")
    assert page.reasons == ("a is INVALID: late",)
