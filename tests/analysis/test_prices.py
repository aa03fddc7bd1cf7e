from decimal import Decimal
from typing import Any

import pytest

from harness.analysis.prices import (
    Price,
    PriceList,
    SpeechTariff,
    TextTariff,
    TimeTariff,
    TokenTariff,
    family,
)
from harness.errors import BadInput
from harness.load.price_list import bundled_prices

AUDIO = {"input": 32, "cached": Decimal("0.4"), "output": 64}
ABOUT = {"date": "2026-01", "currency": "USD", "source": "y"}


def listed(**models: Any) -> PriceList:
    return PriceList.from_dict({**ABOUT, "models": models}, "prices.toml")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({}, "currency is None"),
        ({**ABOUT, "currency": "dollars", "models": {"m": {"audio": AUDIO}}}, "three letters"),
        ({**ABOUT, "models": []}, "no table `models`"),
        ({**ABOUT, "models": {}}, "it has no model"),
        ({**ABOUT, "model": {}}, "unknown key `model`"),
        ({**ABOUT, "date": "August", "models": {"m": {"audio": AUDIO}}}, "date is 'August'"),
        ({**ABOUT, "date": "2026-13", "models": {"m": {"audio": AUDIO}}}, "date is '2026-13'"),
        ({"currency": "USD", "source": "y", "models": {"m": {"audio": AUDIO}}}, "m has no date"),
        ({"currency": "USD", "date": "26", "models": {"m": {}}}, "date is '26'"),
        ({"currency": "USD", "date": "2026-01", "models": {"m": {"audio": AUDIO}}}, "no source"),
        ({**ABOUT, "models": {"m": {"audio": {}}}}, "m.audio has no `input`"),
        ({**ABOUT, "models": {"m": {"text": AUDIO}}}, "neither `audio` nor `per_minute`"),
        ({**ABOUT, "models": {"m": {"audio": {**AUDIO, "out": 1}}}}, "unknown key `out`"),
        ({**ABOUT, "models": {"m": {"audio": {**AUDIO, "input": -1}}}}, "m.audio.input is -1"),
        ({**ABOUT, "models": {"m": {"audio": {**AUDIO, "input": True}}}}, "input is True"),
        ({**ABOUT, "models": {"m": {"per_minute": Decimal("NaN")}}}, "per_minute is Decimal"),
        ({**ABOUT, "models": {"m": {"per_minute": 1, "step_s": 0}}}, "m.step_s is 0"),
        ({**ABOUT, "models": {"m": {"per_minute": 1, "note": 3}}}, "m.note is 3"),
        ({**ABOUT, "source": 3, "models": {"m": {"per_minute": 1}}}, "source is 3"),
        ({**ABOUT, "models": {}, "transcription": {"t": {"step_s": 1}}}, "t has no `per_minute`"),
        ({**ABOUT, "llm": {"m": {"input": 1}}}, "llm.m has no `output`"),
        ({**ABOUT, "llm": {"m": {"input": 1, "output": 1, "audio": 1}}}, "unknown key `audio`"),
        ({**ABOUT, "speech": {"v": {}}}, "speech.v has no `per_million_characters`"),
        ({**ABOUT, "speech": {"v": {"per_million_characters": -1}}}, "characters is -1"),
    ],
)
def test_a_broken_price_list_is_refused_by_name(data: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=r"prices\.toml: is not a price list") as refused:
        PriceList.from_dict(data, "prices.toml")
    assert what in str(refused.value)


def test_a_model_may_have_a_date_and_a_source_of_its_own() -> None:
    own = {"per_minute": 1, "date": "2026-05-06", "source": "z"}
    found = PriceList.from_dict({"currency": "EUR", "models": {"m": own}}, "mine.toml").models["m"]
    assert (found.date, found.source) == ("2026-05-06", "z")


def test_a_snapshot_is_of_the_family_of_its_model() -> None:
    assert family("gpt-realtime-2025-08-28") == family("gpt-realtime") == "gpt-realtime"
    assert family("gpt-4o-2") == "gpt-4o-2"


def test_without_a_cached_price_a_cached_token_costs_what_a_new_one_does() -> None:
    assert Price(input=Decimal(3), output=Decimal(12)).reread == 3
    assert Price(input=Decimal(3), output=Decimal(12), cached=Decimal(1)).reread == 1


@pytest.mark.parametrize(
    ("tariff", "seconds", "price"),
    [
        (TimeTariff(per_minute=Decimal("0.06")), "59.2", "0.06"),
        (TimeTariff(per_minute=Decimal("0.06"), step_s=Decimal(6)), "61", "0.066"),
        (TimeTariff(per_minute=Decimal("0.06"), least_s=Decimal(15)), "2", "0.015"),
        (TimeTariff(per_minute=Decimal("0.06")), "0", "0"),
    ],
)
def test_time_is_billed_in_steps_rounded_up(tariff: TimeTariff, seconds: str, price: str) -> None:
    assert tariff.of_seconds(Decimal(seconds)) == Decimal(price)


def test_prices_of_one_s_own_come_first_and_keep_the_others_with_their_dates() -> None:
    mine = PriceList.from_dict(
        {
            "date": "2026-09",
            "currency": "USD",
            "source": "contract",
            "models": {"m": {"per_minute": 1}},
        },
        "mine.toml",
    )
    both = listed(m={"audio": AUDIO}, n={"audio": AUDIO}).extended_by(mine)
    assert isinstance(both.of_model("m"), TimeTariff)
    other = both.of_model("n-2026-02-03")
    assert isinstance(other, TokenTariff)
    assert (other.date, other.source) == ("2026-01", "y")
    assert both.date == "2026-09"


def test_a_list_in_another_currency_stands_alone() -> None:
    mine = PriceList.from_dict(
        {**ABOUT, "currency": "EUR", "models": {"m": {"per_minute": 1}}}, "mine.toml"
    )
    assert listed(n={"audio": AUDIO}).extended_by(mine) is mine


def test_the_package_prices_the_parts_of_a_cascade_at_their_own_addresses_only() -> None:
    prices = bundled_prices()
    stt = prices.of_stage("stt", "deepgram nova-3")
    assert isinstance(stt, TimeTariff)
    assert (stt.per_minute, stt.date) == (Decimal("0.0048"), "2026-05")
    tts = prices.of_stage("tts", "deepgram aura-2-thalia-en")
    assert isinstance(tts, SpeechTariff)
    assert tts.per_million_characters == 30
    dated = prices.of_stage("llm", "openai gpt-4.1-mini-2025-04-14")
    assert isinstance(dated, TextTariff)
    assert dated.text == Price(input=Decimal("0.40"), output=Decimal("1.60"))
    general = prices.of_stage("llm", "openai gpt-audio-mini")
    assert isinstance(general, TextTariff)
    assert general.text.output == Decimal("2.40")
    for stage, provider in (
        ("stt", "openai whisper-1 at 127.0.0.1:8000"),
        ("llm", "openai gpt-4.1-mini at models.example"),
        ("tts", "wyoming at 127.0.0.1:10200"),
        ("tts", "deepgram aura-asteria-en"),
        ("tts", "openai gpt-4o-mini-tts"),
    ):
        assert prices.of_stage(stage, provider) is None


def test_a_list_of_ones_own_prices_a_part_at_an_address_by_its_whole_name() -> None:
    name = "wyoming at 127.0.0.1:10300"
    own = {**ABOUT, "transcription": {name: {"per_minute": Decimal("0.001")}}}
    prices = bundled_prices().extended_by(PriceList.from_dict(own, "prices.toml"))
    assert prices.of_stage("stt", name) is not None
    assert prices.of_stage("stt", "wyoming at 127.0.0.1:10301") is None
    # A price of the package keeps the date of its list.
    listed = prices.of_stage("stt", "openai whisper-1")
    assert listed is not None
    assert (listed.date, listed.source.split()[0]) == ("2026-08", "OpenAI")
