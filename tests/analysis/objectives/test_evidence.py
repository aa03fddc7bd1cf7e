from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from harness.analysis.objectives.evidence import RunEvidence, per_minute
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.quantities import (
    Attainment,
    Continuity,
    CostPerMinute,
    FailedChecks,
    FailureRate,
    Percentile,
    Quantity,
)
from harness.analysis.prices import Price, PriceList, TokenTariff
from harness.errors import BadInput, Fault, Party, Phase, RunInvalid
from harness.model import (
    Check,
    NetworkProfile,
    Run,
    SessionRecord,
    TokenUsage,
    TurnCounts,
    TurnKind,
    TurnRecord,
    TurnStatus,
    Underruns,
)

MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]
MakeSession = Callable[..., SessionRecord]

PRICE = Price(input=Decimal("10.0"), cached=Decimal("1.0"), output=Decimal("20.0"))
PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="x",
    models={"gpt-realtime-2.1": TokenTariff(audio=PRICE, text=PRICE)},
)


def measured(evidence: RunEvidence, quantity: Quantity, **where: str) -> Any:
    return evidence.measure(Objective(quantity=quantity, where=tuple(where.items())), 0.95)


@pytest.fixture
def evidence(make_run: MakeRun, make_turn: MakeTurn) -> RunEvidence:
    """100 sessions of two turns; every second session on lte and 100 ms slower."""
    turns = [
        make_turn(
            800.0 + 100 * (number % 2) + index,
            session=f"s{number}",
            index=index,
            network=("ideal", "lte")[number % 2],
        )
        for number in range(100)
        for index in range(2)
    ]
    networks = [NetworkProfile(name=name) for name in ("ideal", "lte", "unused")]
    return RunEvidence(make_run(turns, networks=networks), PRICES)


def test_a_part_is_chosen_by_any_stratum_and_by_several(evidence: RunEvidence) -> None:
    median = Percentile("voice_to_voice", 50)
    assert measured(evidence, median, network="ideal").value in (800.0, 801.0)
    assert measured(evidence, median, network="lte", kind="first").value == 900.0
    assert measured(evidence, median, network="lte", kind="later").n == 50
    assert measured(evidence, median, dialect="openai_realtime").n == 200
    assert measured(evidence, median, kind=str(TurnKind.TOOL)).n == 0
    assert measured(evidence, median, network="unused").why == "no turns were measured"


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"network": "ltte"}, "no network 'ltte'"),
        ({"condition": "noise"}, "no condition 'noise'"),
        ({"dialect": "gemini"}, "no dialect 'gemini'"),
    ],
)
def test_a_part_that_a_run_does_not_have_is_refused_by_name(
    evidence: RunEvidence, where: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        measured(evidence, Percentile("voice_to_voice", 50), **where)
    with pytest.raises(BadInput, match="Did you mean 'lte'"):
        measured(evidence, Percentile("voice_to_voice", 50), network="ltte")


def test_metrics_of_sessions_are_chosen_by_network_only(evidence: RunEvidence) -> None:
    setup = Percentile("session_setup", 50)
    assert measured(evidence, setup).of == "sessions"
    assert measured(evidence, setup, network="lte").n == 0
    with pytest.raises(BadInput, match="once a session, which has no kind"):
        measured(evidence, setup, kind="first")
    assert measured(evidence, Attainment("session_setup", 100.0)).value == 1.0


def test_failures_are_counted_by_party(make_run: MakeRun, make_turn: MakeTurn) -> None:
    def failed(session: str, party: Party) -> TurnRecord:
        fault = Fault(party, Phase.RESPONSE, "test")
        return make_turn(None, session=session, status=TurnStatus.FAILED, fault=fault)

    turns = [make_turn(session=f"s{number}") for number in range(96)]
    turns += [failed("x", Party.THEIRS), failed("y", Party.NETWORK), failed("z", Party.OURS)]
    evidence = RunEvidence(make_run(turns), PRICES)
    everybody = measured(evidence, FailureRate())
    assert (everybody.hits, everybody.n) == (2, 98)
    assert measured(evidence, FailureRate(Party.NETWORK)).hits == 1
    within = measured(evidence, Attainment("voice_to_voice", 60_000.0))
    assert (within.hits, within.n) == (96, 98)


def test_a_right_censored_turn_is_not_within(make_run: MakeRun, make_turn: MakeTurn) -> None:
    turns = [make_turn(session="a"), make_turn(None, session="b", status=TurnStatus.TIMEOUT)]
    evidence = RunEvidence(make_run(turns), PRICES)
    assert measured(evidence, Attainment("voice_to_voice", 60_000.0)).hits == 1


def test_a_turn_without_a_tool_call_owes_no_tool_gap(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    turns = [make_turn(session="a"), make_turn(None, session="b", status=TurnStatus.FAILED)]
    evidence = RunEvidence(make_run(turns), PRICES)
    assert measured(evidence, Attainment("tool_gap", 60_000.0)).n == 0


def test_continuity_counts_responses_without_a_gap(make_run: MakeRun, make_turn: MakeTurn) -> None:
    def counts(gaps: int) -> TurnCounts:
        gap = Underruns(buffer_ms=60, count=gaps, total_ms=5.0 * gaps, longest_ms=5.0)
        return TurnCounts(underruns=(gap,))

    turns = [make_turn(session=f"s{n}", counts=counts(int(n < 3))) for n in range(60)]
    turns.append(make_turn(None, session="x", status=TurnStatus.FAILED, counts=counts(9)))
    evidence = RunEvidence(make_run(turns), PRICES)
    found = measured(evidence, Continuity(60))
    assert (found.hits, found.n, found.of) == (57, 60, "responses")
    assert measured(evidence, Continuity(200)).n == 0


def test_cost_is_accounted_for_and_an_estimate_is_a_floor(
    make_run: MakeRun, make_turn: MakeTurn, evidence: RunEvidence
) -> None:
    usage = TokenUsage(input_audio=100_000, output_audio=50_000)
    told = RunEvidence(make_run([make_turn(usage=usage)]), PRICES)
    found = measured(told, CostPerMinute())
    assert found.value == pytest.approx(2.0)
    assert found.low == found.high == found.value
    with pytest.raises(BadInput, match="of the whole run"):
        measured(told, CostPerMinute(), network="ideal")
    assert measured(evidence, CostPerMinute()).high is None
    unpriced = make_run([make_turn(usage=usage)], model="no-such-model")
    assert measured(RunEvidence(unpriced, PRICES), CostPerMinute()).value is None
    floor = per_minute(0.1, 3, "estimate", False, "")
    assert (floor.low, floor.high) == (0.1, None)
    assert per_minute(0.1, 3, "usage", True, "").high is None


def test_an_invalid_and_an_empty_run_are_no_evidence(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    spoiled = make_run([make_turn(None, status=TurnStatus.VOID, party=Party.OURS)])
    with pytest.raises(RunInvalid, match="no turn was measured"):
        RunEvidence(spoiled, PRICES)
    with pytest.raises(BadInput, match="is empty"):
        RunEvidence(make_run([]), PRICES)


def checked(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession, per_network: int
) -> RunEvidence:
    """Return a run of two networks: of "greets" half fail on lte, none of anything else."""
    names = [f"{network}{number}" for network in ("ideal", "lte") for number in range(per_network)]
    sessions = [
        make_session(
            name,
            network=name.rstrip("0123456789"),
            checks=(
                Check(what="greets", passed=not (name.startswith("lte") and index % 2)),
                Check(what="books", passed=True),
            ),
        )
        for index, name in enumerate(names)
    ]
    turns = [make_turn(session=s.session_id, network=s.network) for s in sessions]
    return RunEvidence(make_run(turns, sessions), PRICES)


def test_checks_that_failed_are_a_share_of_all_or_of_one(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    evidence = checked(make_run, make_turn, make_session, per_network=20)
    every = measured(evidence, FailedChecks())
    assert (every.value, every.n, every.of, every.sessions) == (10 / 80, 80, "checks", 40)
    assert every.low < 10 / 80 < every.high
    assert measured(evidence, FailedChecks("greets")).value == 0.25
    assert measured(evidence, FailedChecks("greets"), network="lte").value == 0.5
    assert measured(evidence, FailedChecks("books")).hits == 0


def test_a_check_that_no_call_has_is_named_and_no_check_at_all_is_no_pass(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    evidence = checked(make_run, make_turn, make_session, per_network=2)
    with pytest.raises(BadInput, match=r"no check 'greet' .*Did you mean 'greets'"):
        measured(evidence, FailedChecks("greet"))
    with pytest.raises(BadInput, match="which has no kind"):
        measured(evidence, FailedChecks(), kind="first")
    without = RunEvidence(make_run([make_turn()]), PRICES)
    found = measured(without, FailedChecks())
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "no checks were measured" in found.why


def test_latencies_of_sessions_are_told_apart_by_user_class(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    """Callers of one class connect in 100 ms, those of the other in 300."""
    sessions = [
        make_session(f"s{number}", user_class=name, open_start_ns=0, ready_ns=ms * 1_000_000)
        for number, (name, ms) in enumerate([("Quick", 100), ("Slow", 300)] * 10)
    ]
    turns = [make_turn(session=s.session_id, user_class=s.user_class) for s in sessions]
    evidence = RunEvidence(make_run(turns, sessions), PRICES)
    setup = Percentile("session_setup", 50)
    for name, ms in (("Quick", 100.0), ("Slow", 300.0)):
        found = measured(evidence, setup, user_class=name)
        assert (found.value, found.n, found.of) == (ms, 10, "sessions")
    with pytest.raises(BadInput, match="no user_class 'Slwo'"):
        measured(evidence, setup, user_class="Slwo")


def test_a_session_that_the_api_refused_was_not_set_up_in_time(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    """As a turn that failed has missed its latency; one that we ended tells nothing."""
    refused = Fault(Party.THEIRS, Phase.SETUP, "session_refused", "full")
    stopped = Fault(Party.OURS, Phase.SETUP, "stopped", "the run ended")
    sessions = [
        make_session("quick", open_start_ns=0, ready_ns=100_000_000),
        make_session("refused", open_start_ns=0, ready_ns=None, fault=refused),
        make_session("stopped", open_start_ns=0, ready_ns=None, fault=stopped),
    ]
    turns = [make_turn(session=session.session_id) for session in sessions]
    evidence = RunEvidence(make_run(turns, sessions), PRICES)
    found = measured(evidence, Attainment("session_setup", 200))
    assert (found.value, found.n, found.sessions) == (0.5, 2, 2)
    assert measured(evidence, Percentile("session_setup", 50)).n == 1
    assert measured(evidence, Attainment("greeting", 200)).n == 0
