import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.sizing.erlang import blocking, calls_per_hour, offered_load, places_needed


def by_recursion(places: int, erlangs: float) -> float:
    """Return the textbook's recursion, which is exact and slow."""
    share = 1.0
    for number in range(1, places + 1):
        share = erlangs * share / (number + erlangs * share)
    return share


@pytest.mark.parametrize(("places", "erlangs"), [(1, 0.5), (10, 5.0), (50, 37.9), (200, 230.0)])
def test_blocking_is_erlangs(places: int, erlangs: float) -> None:
    assert blocking(places, erlangs) == pytest.approx(by_recursion(places, erlangs), rel=1e-9)


def test_textbook_values() -> None:
    """Fifty places carry 37.9 Erlang with one call in a hundred lost."""
    assert offered_load(50, 0.01) == pytest.approx(37.90, abs=0.01)
    assert blocking(1, 1.0) == pytest.approx(0.5)
    assert calls_per_hour(50, 180, 0.01) == pytest.approx(758, abs=1)


def test_extremes_stay_numbers() -> None:
    assert blocking(10, 0.0) == 0.0
    assert blocking(10, 1e6) == pytest.approx(1 - 10 / 1e6)
    assert blocking(1_000_000, 1e6) == pytest.approx(0.0008, abs=0.0001)


@given(st.floats(0.01, 5_000), st.floats(0.0005, 0.3))
def test_places_needed_are_the_fewest(erlangs: float, share: float) -> None:
    places = places_needed(erlangs, share)
    assert blocking(places, erlangs) <= share
    assert places == 1 or blocking(places - 1, erlangs) > share


def test_no_load_needs_no_place() -> None:
    assert places_needed(0.0, 0.01) == 0
