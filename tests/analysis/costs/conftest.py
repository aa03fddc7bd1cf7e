"""A price list with one model of each kind."""

from decimal import Decimal

import pytest

from harness.analysis.prices import Price, PriceList, TimeTariff, TokenTariff


@pytest.fixture
def prices() -> PriceList:
    audio = Price(input=Decimal(32), cached=Decimal("0.4"), output=Decimal(64))
    text = Price(input=Decimal(4), cached=Decimal("0.4"), output=Decimal(24))
    return PriceList(
        date="2026-01",
        currency="USD",
        source="a test",
        models={
            "tokens": TokenTariff(audio=audio, text=text),
            "audio-only": TokenTariff(audio=audio, date="2026-02"),
            "time": TimeTariff(per_minute=Decimal("0.06"), note="a model comes on top"),
        },
    )
