from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.priced_models import (
    PricedModels,
    listed_name,
    model_difference,
    models_named,
)
from harness.analysis.prices import Price, PriceList, TokenTariff
from harness.model import Run, SessionRecord, TurnRecord

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]
ONE = Price(input=Decimal("1.0"), cached=Decimal("1.0"), output=Decimal("1.0"))
PRICE = TokenTariff(audio=ONE, text=ONE)
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={"m": PRICE, "n": PRICE})


@pytest.fixture
def served(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> Callable[[dict[str, str]], Run]:
    """Return a maker of a run that asks for `m`: sessions and the models they were given."""

    def make(named: dict[str, str]) -> Run:
        turns = [make_turn(session=name) for name in (*named, "never_ended")]
        return make_run(turns, [make_session(s, model=m) for s, m in named.items()], model="m")

    return make


def test_each_session_is_priced_by_the_model_it_was_given(
    served: Callable[[dict[str, str]], Run],
) -> None:
    models = PricedModels(served({"a": "n", "b": "m"}), PRICES)
    assert [models.of_session(name) for name in ("a", "b", "never_ended")] == ["n", "m", "m"]
    assert models.priced == "m, n"
    assert models.difference == "asked for model m, the server named n: priced as m, n"


def test_what_has_not_ended_had_the_model_that_all_others_had(
    served: Callable[[dict[str, str]], Run],
) -> None:
    assert PricedModels(served({"a": "n", "b": "n"}), PRICES).of_session("never_ended") == "n"


def test_every_other_model_is_named_once(served: Callable[[dict[str, str]], Run]) -> None:
    run = served({"a": "n", "b": "n", "c": "m-2026-01-31", "d": "o"})
    assert models_named(run) == ("m-2026-01-31", "n", "o")
    assert model_difference(run) == "asked for model m, the server named n, o"


def test_each_class_is_priced_by_the_model_of_its_own_target(
    make_turn: MakeTurn, make_session: MakeSession, make_run: MakeRun
) -> None:
    held = (("a", "East", "m-2026-01-31"), ("b", "West", "o"), ("c", "West", ""))
    turns = [make_turn(session=name, user_class=user_class) for name, user_class, _ in held]
    sessions = [make_session(name, user_class=who, model=model) for name, who, model in held]
    run = make_run([*turns, make_turn(session="d", user_class="East")], sessions, model="m and n")
    whole = run.manifest
    targets = (
        replace(whole.target_of("East"), model="m"),
        replace(whole.target_of("West"), model="n"),
    )
    run = replace(run, manifest=replace(whole, targets=targets))
    models = PricedModels(run, PRICES)
    # `o` has no price and is taken for another name of `n`.
    assert [models.of_session(name) for name in "abcd"] == [
        *("m-2026-01-31", "n", "n", "m-2026-01-31"),
    ]
    assert models.priced == "m-2026-01-31, n"
    assert model_difference(run) == "asked for model n, the server named o"
    unchosen = replace(targets[1], model_by_default=True)
    run = replace(run, manifest=replace(whole, targets=(targets[0], unchosen)))
    assert model_difference(run, chosen=True) == ""


@pytest.mark.parametrize(
    ("dialect", "model", "name"),
    [
        ("openai", "gpt-realtime", "gpt-realtime"),
        ("xai", "grok-voice-latest", "grok-voice-latest"),
        # Billed by the platform, whatever model answers there, and also where nobody knows which.
        ("vapi", "gpt-4o-mini", "vapi"),
        ("elevenlabs", "", "elevenlabs-agents"),
        ("deepgram", "gpt-4o-mini", "deepgram-agent"),
        # Not what it costs at OpenAI.
        ("voice-live", "gpt-realtime", "voice-live-gpt-realtime"),
        ("voice-live", "", ""),
        ("inworld", "", ""),
    ],
)
def test_a_session_has_the_price_of_where_it_is_held(dialect: str, model: str, name: str) -> None:
    assert listed_name(dialect, model) == name


def test_a_model_of_another_service_has_no_price_of_its_maker(
    served: Callable[[dict[str, str]], Run],
) -> None:
    run = served({"a": "n"})
    elsewhere = replace(run, manifest=replace(run.manifest, dialect="voice-live"))
    assert PRICES.of_model(PricedModels(elsewhere, PRICES).of_session("a")) is None
    platform = replace(run, manifest=replace(run.manifest, dialect="vapi", model=""))
    assert PricedModels(platform, PRICES).of_session("a") == "vapi"
