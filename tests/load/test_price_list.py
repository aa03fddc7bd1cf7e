from harness.load.price_list import bundled_prices


def test_the_list_that_comes_with_the_package_can_be_read_and_is_dated() -> None:
    prices = bundled_prices()
    assert prices.of_model("gpt-realtime") is not None
    assert len(prices.date) >= len("2026-01")
    assert prices.currency == "USD"
