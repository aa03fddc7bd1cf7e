"""What `--record` takes."""

import pytest

from harness.errors import BadInput
from harness.load.record_wish import parse_record


def test_nothing_is_recorded_unless_asked_for() -> None:
    assert parse_record("", 500) is None


@pytest.mark.parametrize(
    ("text", "worst", "share"),
    [("worst=20", 20, 1.0), ("all", None, 1.0), ("100%", None, 1.0), ("2.5%", None, 0.025)],
)
def test_what_can_be_asked_for(text: str, worst: int | None, share: float) -> None:
    wish = parse_record(text, 7)
    assert wish is not None
    assert (wish.worst, wish.share, wish.in_words) == (worst, share, f"{text}, at most 7 MB")


@pytest.mark.parametrize("text", ["worst", "worst=0", "worst=-1", "0%", "101%", "some", "10", "%"])
def test_what_asks_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="worst=20, all"):
        parse_record(text, 500)


def test_no_room_is_refused() -> None:
    with pytest.raises(BadInput, match="--record-mb"):
        parse_record("all", 0)


def test_a_share_of_the_calls_is_wanted_and_always_the_same() -> None:
    wish = parse_record("10%", 500)
    assert wish is not None
    names = [f"call-{number:06d}" for number in range(3_000)]
    chosen = [name for name in names if wish.wants(name, seed=1)]
    assert 200 < len(chosen) < 400
    assert chosen == [name for name in names if wish.wants(name, seed=1)]
    assert chosen != [name for name in names if wish.wants(name, seed=2)]
    every = parse_record("all", 500)
    assert every is not None
    assert all(every.wants(name, seed=1) for name in names)
