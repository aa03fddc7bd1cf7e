"""The export of figures: one document for many, colours of the page, labels as plain text."""

import re

from harness.report import svg


def _exported(name: str = "one", label: str = "a figure") -> str:
    with svg.styled():
        figure, axes = svg.canvas(400, 200)
        for index in range(2):
            colour, marker, dash = svg.series(index)
            axes.plot([0, 1], [index, 1], color=colour, marker=marker, linestyle=dash, label="<b>")
        svg.legend_above(axes, 2)
        return svg.export(figure, name=name, label=label)


def test_no_two_series_of_a_page_look_alike() -> None:
    looks = [svg.series(index) for index in range(2 * len(svg.SERIES))]
    assert len(set(looks)) == len(looks)
    assert len({(colour, marker) for colour, marker, _ in looks}) == len(looks)


def test_colours_are_variables_of_the_page() -> None:
    found = _exported()
    assert "var(--series-1)" in found
    assert "var(--rule)" in found
    assert not re.search(r"#[abc]0000\d", found)


def test_identifiers_and_references_have_the_name_of_the_figure() -> None:
    found = _exported("two")
    identifiers = set(re.findall(r'\bid="([^"]*)"', found))
    assert identifiers
    assert all(identifier.startswith("two-") for identifier in identifiers)
    references = set(re.findall(r'(?:url\(#|href="#)([^")]*)', found))
    assert references
    assert references <= identifiers


def test_nothing_of_it_leads_out_of_the_page() -> None:
    assert "http" not in _exported()


def test_a_label_is_text_and_not_markup() -> None:
    assert 'aria-label="a &lt; b &amp; &quot;c&quot;"' in _exported(label='a < b & "c"')


def test_the_size_is_that_of_the_canvas() -> None:
    assert 'viewBox="0 0 400 200"' in _exported()


def test_a_long_name_leaves_room_for_the_figure() -> None:
    assert svg.fitted("lte_good", 34) == "lte_good"
    assert svg.fitted("x" * 500, 34) == "x" * 33 + "…"
    assert svg.fitted("lte good", 34, 4) == "lte good"
    assert svg.fitted("lte good", 5, 4) == "lte\ngood"
    assert svg.fitted("x" * 500, 5, 2) == "xxxxx\nxxxx…"
