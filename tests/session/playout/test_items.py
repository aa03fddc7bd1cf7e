import pytest

from harness.model import Truncate
from harness.session.playout.items import Items


@pytest.mark.parametrize(
    ("heard", "cut"),
    [(0, None), (1_200, Truncate("a", 50)), (24_000, Truncate("a", 1_000)),
     (24_240, Truncate("b", 10))],
)  # fmt: skip
def test_the_item_that_was_playing_is_the_one_that_is_cut(heard: int, cut: Truncate | None) -> None:
    items = Items(24_000)
    items.begin("a", 0)
    items.begin("b", 24_000)
    assert items.latest == "b"
    assert items.cut_off(heard) == cut


def test_an_item_without_a_name_cannot_be_cut() -> None:
    items = Items(24_000)
    items.begin("", 0)
    assert items.cut_off(100) is None
