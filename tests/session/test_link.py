import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.session import Link, is_retryable

S = 1_000_000_000


@pytest.mark.parametrize(
    ("code", "again"),
    [(None, True), (1001, True), (1011, True), (1013, True), (1000, False), (3000, False)],
)
def test_only_closes_that_may_pass_are_tried_again(code: int | None, again: bool) -> None:
    assert is_retryable(code) is again


def test_an_outage_lasts_from_the_loss_to_the_next_session() -> None:
    link = Link(seed=1)
    link.created(1 * S)
    link.lost(10 * S)
    assert not link.up
    link.created(13 * S)
    link.lost(20 * S)
    link.created(21 * S)
    assert (link.reconnects, link.outage_ns) == (2, 4 * S)
    assert link.ready_ns == 1 * S


@given(st.integers(0, 10**9))
def test_the_backoff_grows_is_drawn_and_ends(seed: int) -> None:
    waits = []
    link = Link(seed=seed)
    while (wait_s := link.backoff_s()) is not None:
        waits.append(wait_s)
    assert len(waits) == 5
    for attempt, wait_s in enumerate(waits):
        whole_s = min(8.0, 0.5 * 2**attempt)
        assert whole_s / 2 <= wait_s <= whole_s


@pytest.mark.parametrize("used", [True, False])
def test_a_session_that_came_to_a_turn_has_all_its_attempts_again(used: bool) -> None:
    link = Link(seed=3)
    link.created(0)
    first = [link.backoff_s() for _ in range(6)]
    link.lost(1)
    link.created(2)
    if used:
        link.used()
    again = [link.backoff_s() for _ in range(6)]
    assert first[-1] is None
    assert (again[0] is not None) is used
