from typing import Any

import pytest

from harness.analysis.prices import PriceList, family
from harness.errors import BadInput


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"date": "x", "currency": "USD", "source": "y", "models": {"m": {"audio": {}}}},
        {"date": "x", "currency": "USD", "source": "y", "models": []},
        {"currency": "USD", "source": "y", "models": {}},
    ],
)
def test_a_broken_price_list_is_refused_by_name(data: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"prices\.toml: is not a price list"):
        PriceList.from_dict(data, "prices.toml")


def test_a_snapshot_is_of_the_family_of_its_model() -> None:
    assert family("gpt-realtime-2025-08-28") == family("gpt-realtime") == "gpt-realtime"
    assert family("gpt-4o-2") == "gpt-4o-2"
