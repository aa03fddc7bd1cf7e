from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis.prices import TimeTariff, TokenTariff
from harness.errors import BadInput
from harness.load.price_list import bundled_prices, prices_with


def test_the_list_that_comes_with_the_package_can_be_read_and_is_dated() -> None:
    prices = bundled_prices()
    assert prices.of_model("gpt-realtime") is not None
    assert prices.currency == "USD"
    assert prices.date
    assert "OpenAI" in prices.source
    for name, tariff in {**prices.models, **prices.transcription}.items():
        # The list's own date and source are those of OpenAI's page.
        if not name.startswith(("gpt-", "whisper-")):
            assert tariff.date, name
            assert tariff.source, name


def test_prices_are_exact_decimals() -> None:
    found = bundled_prices().of_model("gpt-realtime-2.1-2026-05-07")
    assert isinstance(found, TokenTariff)
    assert found.audio.cached == Decimal("0.40")


def test_a_file_of_one_s_own_extends_the_list(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'date = "2026-11-01"\ncurrency = "USD"\nsource = "contract"\n'
        "[models.ours]\nper_minute = 0.03\n"
    )
    prices = prices_with(mine)
    ours = prices.of_model("ours")
    assert isinstance(ours, TimeTariff)
    assert ours.per_minute == Decimal("0.03")
    assert prices.of_model("gpt-realtime") is not None
    assert prices_with(None) == bundled_prices()


@pytest.mark.parametrize(
    ("text", "what"),
    [(None, "cannot be read"), ("date =", "is not TOML"), ("x = 1", "unknown key `x`")],
)
def test_a_file_that_is_no_price_list_is_refused(
    tmp_path: Path, text: str | None, what: str
) -> None:
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadInput, match=what):
        prices_with(file)
