"""The price list that comes with the package, and users' lists that extend it."""

import tomllib
from decimal import Decimal
from importlib import resources
from pathlib import Path

from harness.analysis import PriceList
from harness.errors import BadInput

_PRICES = "prices.toml"


def bundled_prices() -> PriceList:
    """Return the price list that comes with the package."""
    text = resources.files("harness.analysis").joinpath(_PRICES).read_text(encoding="utf-8")
    return PriceList.from_dict(tomllib.loads(text, parse_float=Decimal), _PRICES)


def prices_with(file: Path | None) -> PriceList:
    """Return the package's list, extended by one of the user's where there is one.

    Raises:
        BadInput: The user's file cannot be read, or is not a price list.
    """
    bundled = bundled_prices()
    if file is None:
        return bundled
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}", where=str(file), hint="Give a TOML file of prices"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"is not TOML: {error}", where=str(file), hint="docs/cost.md shows a list of prices"
        ) from error
    return bundled.extended_by(PriceList.from_dict(data, str(file)))
