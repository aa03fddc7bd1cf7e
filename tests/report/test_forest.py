from typing import Any

import pytest

from harness.report.forest import forest


def _found(value: float | None, each: list[float | None]) -> dict[str, Any]:
    ends = {"low": None, "high": None} if value is None else {"low": value - 9, "high": value + 9}
    return {"value": value, **ends, "each": [{"value": one} for one in each]}


@pytest.mark.parametrize("width", [860, 358])
def test_every_utterance_is_a_dot_and_the_median_is_written_beside(width: int) -> None:
    drawn = forest(
        {
            "noisy \N{MINUS SIGN} clean": _found(120.0, [100.0, 120.0, 150.0]),
            "phone \N{MINUS SIGN} clean": _found(None, [5]),
        },
        width_px=width,
    )
    assert drawn.startswith("<svg ")
    assert drawn.count("<use ") >= 4
    assert "+120" in drawn
    assert "phone \N{MINUS SIGN} clean" in drawn


def test_an_utterance_without_an_answer_is_no_dot() -> None:
    whole = forest({"a": _found(1.0, [1.0, 2.0])}, width_px=358).count("<use ")
    assert forest({"a": _found(1.0, [1.0, None])}, width_px=358).count("<use ") == whole - 1


def test_one_open_end_draws_no_bar() -> None:
    found = _found(4.0, [4.0]) | {"high": None}
    assert "+4" in forest({"a": found}, width_px=358)
