from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.analysis.comparison.pilot import pilot_of
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.prices import Price, PriceList, TokenTariff
from harness.errors import BadInput
from harness.model import Run, TokenUsage

MakeRun = Callable[..., Run]
PRICE = Price(input=Decimal("10.0"), cached=Decimal("1.0"), output=Decimal("20.0"))
PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="x",
    models={"gpt-realtime-2.1": TokenTariff(audio=PRICE, text=PRICE)},
)
P95 = Percentile("voice_to_voice", 95)


def test_a_pilot_tells_chance_length_and_price(simulate: MakeRun) -> None:
    run = simulate("a", sessions=60)
    usage = TokenUsage(input_audio=1_000, output_audio=500)
    run = replace(run, turns=tuple(replace(turn, usage=usage) for turn in run.turns))
    found = pilot_of(RunEvidence(run, PRICES), P95, PRICES)
    assert found.chance.sessions == 60
    assert found.chance.turns_per_session == 5
    assert 0.02 < found.chance.se < 0.1
    assert found.effort.session_s == pytest.approx(60.1)
    assert found.effort.at_once == 60
    assert found.effort.cost == pytest.approx(5 * 0.02)
    assert (found.currency, found.why) == ("USD", "")


def test_more_sessions_have_less_chance(simulate: MakeRun) -> None:
    def se(sessions: int) -> float:
        run = simulate("a", sessions=sessions)
        return pilot_of(RunEvidence(run, PRICES), P95, PRICES).chance.se

    assert se(400) < 0.7 * se(40)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sessions": 10}, "needs 59 turns"),
        ({"sessions": 1, "per": 80}, "more than 1 session"),
        ({"timeouts": 20}, "lies above the limit"),
        ({"shift": float("-inf")}, "not above 0"),
    ],
)
def test_a_pilot_that_cannot_tell_is_refused(
    simulate: MakeRun, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        pilot_of(RunEvidence(simulate("a", **more), PRICES), P95, PRICES)


def test_a_pilot_without_a_price_says_so(simulate: MakeRun) -> None:
    run = simulate("a", sessions=60, model="other")
    found = pilot_of(RunEvidence(run, PRICES), P95, PRICES)
    assert found.effort.cost is None
    assert found.why
    open_ones = replace(run, sessions=tuple(replace(s, closed_ns=None) for s in run.sessions))
    with pytest.raises(BadInput, match="no session that ended"):
        pilot_of(RunEvidence(open_ones, PRICES), P95, PRICES)
