"""What a section of the page is made of. The template knows how each kind looks."""

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

Cell = str | tuple[str, str]
"""Text, or a number with a smaller line below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head.

    Attributes:
        title: What it lists, for readers who do not see it.
        head: One word or two a column.
        rows: Cells; the first column names the row.
        words: How many columns from the left hold text; the others hold numbers.
        total: Whether the last row sums up the others.
        notes: Sentences below the table.
        links: Anchor of each row's definition; empty for none.
    """

    kind: ClassVar[str] = "table"
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 1
    total: bool = False
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and what they stand for, one a line.

    Attributes:
        pairs: Names and words.
        anchors: Of each, for links to it; empty for none.
    """

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure in two widths; the page shows the one that fits.

    Attributes:
        wide: An SVG element made by `svg.export`, trusted.
        narrow: The same for a narrow window.
        caption: How to read it.
    """

    kind: ClassVar[str] = "figure"
    wide: Markup
    narrow: Markup
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Html:
    """What a section of its own kind looks like, made by a template of its own and trusted."""

    kind: ClassVar[str] = "html"
    markup: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A figure that is shown when the reader opens it.

    Attributes:
        title: What is inside.
        part: The figure.
        is_open: It is open from the beginning.
    """

    kind: ClassVar[str] = "folded"
    title: str
    part: Figure
    is_open: bool = False


Part = Table | Facts | Figure | Text | Folded | Html
"""A block of a section."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One of the main numbers, with the anchor of its definition."""

    label: str
    value: str
    unit: str = ""
    under: str = ""
    link: str = "method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        id: Anchor, unique in the page.
        title: Its heading.
        says: What the reader has to know about it, in the margin.
        parts: Its blocks, from above.
    """

    id: str
    title: str
    says: tuple[str, ...]
    parts: tuple[Part, ...]
