import click
import pytest

from harness.cli.duration import DURATION, in_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7_200), ("1h30m", 5_400), ("0.5s", 0.5)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds
    assert DURATION.convert(float(seconds), None, None) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "5d", "5m2h"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a duration"):
        DURATION.convert(text, None, None)


def test_durations_are_said_in_their_size() -> None:
    assert [in_words(s) for s in (40, 720, 9_000)] == ["40 s", "12 min", "2.5 h"]
