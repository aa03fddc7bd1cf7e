from collections.abc import Callable
from typing import Any

import pytest

from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.quantities import (
    Attainment,
    CostPerMinute,
    FailureRate,
    Percentile,
    Quantity,
)
from harness.analysis.objectives.summary_evidence import SummaryEvidence
from harness.analysis.prices import PriceList
from harness.analysis.summary import summarise
from harness.errors import BadInput, Party, RunInvalid
from harness.model import NetworkProfile, Run, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]

PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})


def evidence_of(run: Run) -> SummaryEvidence:
    return SummaryEvidence(summarise(run, PRICES))


def measured(evidence: Any, quantity: Quantity, **where: str) -> Any:
    return evidence.measure(Objective(quantity=quantity, where=tuple(where.items())), 0.95)


@pytest.fixture
def run(make_run: MakeRun, make_turn: MakeTurn) -> Run:
    turns = [make_turn(800.0 + number, session=f"s{number}") for number in range(100)]
    turns.append(make_turn(None, session="x", status=TurnStatus.FAILED))
    return make_run(turns, networks=[NetworkProfile(name="ideal")])


def test_a_summary_is_as_careful_as_the_records_or_more_so(run: Run) -> None:
    for quantity in (Percentile("voice_to_voice", 95), FailureRate()):
        told = measured(evidence_of(run), quantity)
        known = measured(RunEvidence(run, PRICES), quantity)
        assert told.value == pytest.approx(known.value, abs=1e-6)
        assert told.high >= known.high - 1e-9
        assert told.n == known.n
    assert measured(evidence_of(run), Percentile("voice_to_voice", 50), network="ideal").n == 100
    assert measured(evidence_of(run), Percentile("barge_in_stop", 50)).value is None
    assert measured(evidence_of(run), CostPerMinute()).value is None


@pytest.mark.parametrize(
    ("quantity", "where", "words"),
    [
        (Percentile("voice_to_voice", 99.9), {}, "holds the percentiles 50, 90, 95, 99"),
        (Attainment("voice_to_voice", 900.0), {}, "does not tell: voice_to_voice within 900"),
        (FailureRate(Party.NETWORK), {}, "does not tell"),
        (FailureRate(), {"network": "ideel"}, "Did you mean 'ideal'"),
        (FailureRate(), {"network": "ideal", "kind": "first"}, "network and kind together"),
        (FailureRate(), {"dialect": "gemini"}, "no dialect 'gemini'"),
    ],
)
def test_what_a_summary_does_not_tell_is_refused(
    run: Run, quantity: Quantity, where: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        measured(evidence_of(run), quantity, **where)


def test_more_confidence_than_a_summary_has_is_refused(run: Run) -> None:
    with pytest.raises(BadInput, match=r"97\.5%"):
        evidence_of(run).measure(Objective(quantity=FailureRate()), 0.99)


def test_an_invalid_and_an_empty_run_are_no_evidence(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    spoiled = make_run([make_turn(None, status=TurnStatus.VOID, party=Party.OURS)])
    with pytest.raises(RunInvalid, match="no turn was measured"):
        evidence_of(spoiled)
    with pytest.raises(BadInput, match="is empty"):
        evidence_of(make_run([]))
