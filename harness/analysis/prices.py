"""A dated list of prices: what a million tokens of each kind cost, model by model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from harness.errors import BadInput

# Dated snapshots, such as gpt-realtime-2025-08-28, cost what their model costs.
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices per million tokens."""

    input: float
    cached: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices on one day.

    Attributes:
        date: ISO date, or month, from which the list is.
        currency: Three letters.
        source: Where it was read.
        models: Audio and text prices by model name.
    """

    date: str
    currency: str
    source: str
    models: Mapping[str, tuple[Price, Price]]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> Self:
        """Build a list from its parsed file.

        Args:
            data: `date`, `currency`, `source` and `models`, each with `audio` and `text`.
            where: What an error calls the file.

        Raises:
            BadInput: Something is missing, unknown or not a number.
        """
        try:
            models = {
                name: (Price(**prices["audio"]), Price(**prices["text"]))
                for name, prices in data["models"].items()
            }
            named = {key: str(data[key]) for key in ("date", "currency", "source")}
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"is not a price list: {error}",
                where=where,
                hint="Give date, currency, source and, for each model, audio and text prices",
            ) from error
        return cls(**named, models=models)

    def of_model(self, model: str) -> tuple[Price, Price] | None:
        """Return audio and text prices of a model or its dated snapshot."""
        return self.models.get(model) or self.models.get(family(model))


def family(model: str) -> str:
    """Return the model that a name stands for, without the date of a snapshot."""
    return _SNAPSHOT.sub("", model)
