import math

import pytest

from harness.model import VendorAccount


@pytest.mark.parametrize(
    "told",
    [
        {"cost": -0.1},
        {"cost": math.nan},
        {"parts": {"llm": math.inf}},
        {"turns_ms": ({"model": -1.0},)},
    ],
)
def test_what_is_no_amount_and_no_latency_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="finite"):
        VendorAccount(session_id="s", **told)  # type: ignore[arg-type]
