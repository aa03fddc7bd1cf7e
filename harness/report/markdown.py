"""The page as Markdown: its words and tables, without figures, for a wiki or a merge request."""

from collections.abc import Iterator, Sequence

from harness.report.blocks import Cell, Facts, Part, Section, Table, Text
from harness.report.page import Page

_SPECIAL = "\\`*_{}[]<>|#~&"


def as_markdown(page: Page) -> str:
    """Return a page as Markdown; text from anywhere stays text."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield f"# {_text(page.title)}"
    yield ""
    yield _text(page.subtitle)
    yield ""
    yield f"**{_text(page.state)}.** {_text(page.verdict)}"
    yield from _list(page.reasons)
    for line in page.loud:
        yield ""
        yield f"**{_text(line)}**"
    yield ""
    values = (" ".join(filter(None, (card.value, card.unit))) for card in page.cards)
    rows = [(c.label, value, c.under) for c, value in zip(page.cards, values, strict=True)]
    yield from _table(("Main numbers", "Value", ""), rows)
    for section in page.sections:
        yield from _section(section)
    yield ""
    yield _text(page.footer)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {_text(section.title)}"
    for line in section.says:
        yield ""
        yield _text(line)
    for part in section.parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Table):
        yield ""
        yield from _table(part.head, part.rows)
        for note in part.notes:
            yield ""
            yield _text(note)
    elif isinstance(part, Facts):
        yield from _list(f"{label}: {words}" for label, words in part.pairs)
    elif isinstance(part, Text):
        yield ""
        yield _text(part.text)


def _list(items: Iterator[str] | Sequence[str]) -> Iterator[str]:
    yield ""
    for item in items:
        yield f"* {_text(item)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_text, head))} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(cell: Cell) -> str:
    """Return a cell; what stands below a number follows it in parentheses."""
    if isinstance(cell, str):
        return _text(cell)
    value, under = cell
    return f"{_text(value)} ({_text(under)})" if under else _text(value)


def _text(words: str) -> str:
    for character in _SPECIAL:
        words = words.replace(character, f"\\{character}")
    return " ".join(words.split())
