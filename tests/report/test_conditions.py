from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.model import Run, Summary
from harness.report import conditions as pairs
from harness.report.blocks import Figure, Section, Table, Text
from harness.report.formatting import MISSING
from harness.report.page import render_page
from harness.report.table import result_table

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


@pytest.fixture(scope="session")
def conditioned(make_run: MakeRun) -> Callable[..., Run]:
    """Return a maker of runs whose calls take conditions in turn and all say the same words."""

    def make(*names: str, **shape: Any) -> Run:
        run = make_run(networks=("ideal",), **shape)
        turns = tuple(
            replace(
                turn,
                utterance_id=f"u{turn.turn_index}@{turn.session_id}",
                original_id=f"u{turn.turn_index}",
                condition=names[int(turn.session_id[1:]) % len(names)],
            )
            for turn in run.turns
        )
        return replace(run, turns=turns)

    return make


def _sections(summary: Summary) -> dict[str, Section]:
    return {section.id: section for section in pairs.sections(summary)}


def test_original_speech_alone_has_no_such_sections(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    summary = summary_of(make_run(calls=4))
    assert pairs.sections(summary) == []
    assert "condition" not in result_table(summary)


def test_every_condition_has_its_row_and_its_difference(
    conditioned: Callable[..., Run], summary_of: SummaryOf
) -> None:
    run = conditioned("clean", "noisy", "phone")
    found = _sections(summary_of(run))
    table, differences = found["conditions"].parts[0], found["paired"].parts[0]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["clean", "noisy", "phone"]
    assert isinstance(differences, Table)
    assert [row[0] for row in differences.rows] == [
        "noisy \N{MINUS SIGN} clean",
        "phone \N{MINUS SIGN} clean",
    ]
    assert differences.rows[0][1] == "6"
    assert all(isinstance(cell, tuple) and " to " in cell[1] for cell in differences.rows[0][3:])
    drawn = found["paired"].parts[1]
    assert isinstance(drawn, Figure)
    assert drawn.wide.count("noisy \N{MINUS SIGN} clean") == 1


def test_the_terminal_says_the_difference_with_its_interval(
    conditioned: Callable[..., Run], summary_of: SummaryOf
) -> None:
    lines = result_table(summary_of(conditioned("", "noisy"))).splitlines()
    (told,) = [line for line in lines if line.startswith("condition")]
    assert "noisy \N{MINUS SIGN} original: voice_to_voice " in told
    assert "[" in told


def test_what_is_too_little_says_why_in_every_place(
    conditioned: Callable[..., Run], summary_of: SummaryOf
) -> None:
    summary = summary_of(conditioned("clean", "noisy", turns_each=3))
    why = "needs 6 utterances measured under both conditions, has 3"
    differences = _sections(summary)["paired"].parts[0]
    assert isinstance(differences, Table)
    assert differences.notes == (f"noisy \N{MINUS SIGN} clean: {why}.",)
    assert MISSING in differences.rows[0]
    assert f"noisy \N{MINUS SIGN} clean: {MISSING} {why}" in result_table(summary)


@pytest.mark.parametrize(
    ("names", "words"),
    [(("noisy", "phone"), "no speech was original"), (("noisy",), "under the same condition")],
)
def test_without_clean_speech_it_says_so(
    conditioned: Callable[..., Run], summary_of: SummaryOf, names: tuple[str, ...], words: str
) -> None:
    (text,) = _sections(summary_of(conditioned(*names, calls=6)))["paired"].parts
    assert isinstance(text, Text)
    assert words in text.text


def test_a_condition_with_a_hostile_name_stays_text(
    conditioned: Callable[..., Run], summary_of: SummaryOf
) -> None:
    run = conditioned("clean", "<script>alert(1)</script>", calls=12)
    assert "<script>alert" not in render_page(run, summary_of(run))
