"""The price list that comes with the package."""

import tomllib
from importlib import resources

from harness.analysis import PriceList

_PRICES = "prices.toml"


def bundled_prices() -> PriceList:
    """Return the price list that comes with the package."""
    text = resources.files("harness.analysis").joinpath(_PRICES).read_text(encoding="utf-8")
    return PriceList.from_dict(tomllib.loads(text), _PRICES)
