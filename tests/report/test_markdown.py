from collections.abc import Callable
from dataclasses import replace

from harness.model import Run, Summary
from harness.report.beside import ALONE
from harness.report.markdown import as_markdown
from harness.report.page import page_of

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


def test_words_and_tables_of_the_page_are_all_there(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=12, fault_every=20)
    page = page_of(run, summary_of(run), ALONE)
    told = as_markdown(page)
    assert told.startswith("# gpt-realtime · conversation\n")
    assert f"**{page.state}.**" in told
    for section in page.sections:
        assert f"## {section.title}" in told
    assert "| Network | Turns | Measured | P50, ms |" in told
    assert "<svg" not in told


def test_foreign_text_is_neither_markup_nor_a_new_cell(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=2)
    run = replace(run, manifest=replace(run.manifest, model="<b>a|b</b>\n# x"))
    told = as_markdown(page_of(run, summary_of(run), ALONE))
    assert "<b>" not in told.replace("\\<", "")
    assert "a\\|b" in told
    assert "\n# x" not in told
