"""Where a self check's searches begin."""

from typing import Any

import pytest

from harness.bench.selfcheck import held_before


def entry(**other: Any) -> dict[str, Any]:
    return {"frame_ms": 20, "sessions": 600, "plain_client_sessions": 240, **other}


def test_a_search_begins_where_the_last_one_ended() -> None:
    assert held_before({"capacity": [entry()]}) == {20: (600, 240)}


@pytest.mark.parametrize("kept", [None, {}, {"capacity": [entry(sessions=None)]}])
def test_what_was_not_found_is_no_beginning(kept: dict[str, Any] | None) -> None:
    assert held_before(kept) == {}
