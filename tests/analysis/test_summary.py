from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.prices import Price, PriceList, TimeTariff, TokenTariff
from harness.analysis.summary import concurrency_peak, summarise
from harness.model import (
    SUMMARY_SCHEMA,
    ArrivalStamps,
    Direction,
    NetworkProfile,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    SessionRecord,
    TokenUsage,
    TruthRecord,
    TurnRecord,
    TurnStatus,
    ValidityState,
)
from harness.model.cost_summary import PriceListSummary
from harness.model.validity_summary import ErrorBoundSummary

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]
S = 1_000_000_000

PRICE = Price(input=Decimal("1.0"), cached=Decimal("0.1"), output=Decimal("2.0"))
PRICES = PriceList(
    date="2026-01",
    currency="USD",
    source="x",
    models={"gpt-realtime-2.1": TokenTariff(audio=PRICE, text=PRICE)},
)
LTE = NetworkProfile(name="lte", up=Direction(delay_ms=25.0), down=Direction(delay_ms=25.0))
IDEAL = NetworkProfile(name="ideal")
PROBE = RealisedNetwork(profile="lte", probes=9, verified=True, why="as asked", rtt_p50_ms=50.5)
EVENTS = [
    RunEvent(kind=RunEventKind.NETWORK, at_ns=0, network=PROBE),
    RunEvent(kind=RunEventKind.FINISHED, at_ns=70 * S),
]


@pytest.fixture
def run(make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession) -> Run:
    turns, sessions = [], []
    for number in range(40):
        network = "lte" if number % 2 else "ideal"
        sessions.append(make_session(f"s{number}", network=network))
        for index in range(3):
            latency_ms = 700.0 + 2 * number + 100 * (network == "lte")
            turns.append(
                make_turn(
                    latency_ms,
                    session=f"s{number}",
                    index=index,
                    network=network,
                    usage=TokenUsage(input_audio=100, output_audio=100),
                )
            )
    turns[4] = make_turn(None, session="s1", index=1, network="lte", status=TurnStatus.TIMEOUT)
    built: Run = make_run(turns, sessions, networks=[IDEAL, LTE], events=EVENTS)
    return built


def test_a_summary_says_what_was_planned_and_done(run: Run) -> None:
    summary = summarise(run, PRICES)
    assert summary.schema == SUMMARY_SCHEMA == "harness.summary/2"
    assert (summary.validity.state, summary.validity.reasons) == (ValidityState.VALID, ())
    assert summary.load.status == {"completed": 119, "timeout": 1}
    assert summary.load.concurrency_peak == 40
    assert summary.load.duration_s == 60.1
    assert (summary.load.frames_intended, summary.load.frames_sent) == (120_000, 120_000)
    assert (summary.load.frames_share, summary.load.finished) == (1.0, True)
    assert summary.corpus.synthetic is True
    assert summary.provenance.seeds == {"arrivals": 1}
    assert summary.provenance.arrival_stamps is ArrivalStamps.EVENT_LOOP


def test_parts_that_do_not_apply_have_the_default_of_their_type(run: Run) -> None:
    summary = summarise(run, PRICES)
    assert (summary.paired, summary.accuracy) == ((), ())
    assert (summary.behaviour, summary.network_changes, summary.proxy_overhead) == (
        None,
        None,
        None,
    )


def test_validity_states_by_how_much_turns_may_be_wrong(run: Run) -> None:
    assert summarise(run, PRICES).validity.error_bound == ErrorBoundSummary(
        n=120, unknown=0, over_limit=0, limit_ms=10.0, p50_ms=0.1, p99_ms=0.1, max_ms=0.1
    )


@pytest.mark.parametrize(
    ("turns", "why"),
    [(1, "no turn says how far the stamp"), (0, "no turn was measured")],
)
def test_a_bound_that_is_not_known_says_why(
    make_run: MakeRun, make_turn: MakeTurn, turns: int, why: str
) -> None:
    unbounded = make_run([make_turn(arrival_uncertainty_ns=None)] * turns)
    found = summarise(unbounded, PRICES).validity.error_bound
    assert (found.n, found.unknown, found.p99_ms) == (0, turns, None)
    assert why in found.why


def test_messages_of_all_sessions_that_could_not_be_read_are_added_up(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    sessions = [
        make_session(unreadable_messages=2, old_names=("b", "a")),
        make_session("b", unreadable_messages=1, old_names=("a",)),
    ]
    load = summarise(make_run([make_turn()], sessions), PRICES).load
    assert (load.unreadable_messages, load.old_names) == (3, ("a", "b"))


def test_refusals_of_all_sessions_are_added_up(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    sessions = [make_session(refusals=2), make_session("b", refusals=1)]
    assert summarise(make_run([make_turn()], sessions), PRICES).load.refusals == 3


def test_every_missing_percentile_says_why(run: Run) -> None:
    summary = summarise(run, PRICES)
    metrics = [*summary.metrics.values()]
    metrics += [metric for part in summary.strata for metric in part.metrics.values()]
    for metric in metrics:
        for percent in (50, 90, 95, 99):
            told = metric.percentile(percent)
            if told.value is None or told.low is None or told.high is None:
                assert told.why
            else:
                assert told.low <= told.value <= told.high
                assert not told.why


def test_networks_and_kinds_of_turns_are_strata_of_their_own(run: Run) -> None:
    strata = {tuple(part.by.items()): part for part in summarise(run, PRICES).strata}
    assert list(strata) == [
        (("network", "ideal"),),
        (("network", "lte"),),
        (("kind", "first"),),
        (("kind", "later"),),
        (("position", "1"),),
        (("position", "2"),),
        (("position", "3"),),
    ]
    ideal, lte = strata[("network", "ideal"),], strata[("network", "lte"),]
    assert ideal.metrics["voice_to_voice"].max == 776.0
    assert lte.metrics["voice_to_voice"].censored == 1
    assert lte.failure_rate.failed == 1
    assert ideal.metrics["session_setup"].n == 20
    assert "session_setup" not in strata[("kind", "first"),].metrics


def test_a_network_that_nobody_used_is_there_without_numbers(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    summary = summarise(make_run([make_turn()], networks=[IDEAL, LTE], events=EVENTS), PRICES)
    unused = summary.strata[1]
    assert unused.by == {"network": "lte"}
    assert unused.metrics["voice_to_voice"].n == 0
    assert unused.metrics["voice_to_voice"].p50.value is None


def test_nominal_and_realised_network_stand_side_by_side(run: Run) -> None:
    ideal, lte = summarise(run, PRICES).network
    assert ideal.realised is None
    assert lte.nominal.rtt_ms == 50.0
    assert lte.realised == PROBE


def test_cost_says_by_which_prices(run: Run) -> None:
    cost = summarise(run, PRICES).cost
    assert cost.basis == "usage"
    assert cost.prices == PriceListSummary(date="2026-01", source="x")
    assert cost.total == pytest.approx(119 * 300 / 1e6)
    assert cost.tokens is not None
    assert cost.tokens.input_audio == 11_900


def test_a_price_of_another_date_says_so_and_what_comes_on_top(run: Run) -> None:
    own = TimeTariff(per_minute=Decimal(1), date="2025", source="theirs", note="the rest")
    prices = replace(PRICES, models={**PRICES.models, "vapi": own})
    vapi = replace(run, manifest=replace(run.manifest, dialect="vapi"))
    told = summarise(vapi, prices).cost
    assert (told.basis, told.model) == ("time", "vapi")
    assert told.prices == PriceListSummary(date="2025", source="theirs", note="the rest")


def test_a_run_of_nothing_is_summarised_as_nothing(make_run: MakeRun) -> None:
    empty = make_run([], [], events=[], send_lateness=None, loop_lag=None)
    summary = summarise(empty, PRICES)
    assert summary.validity.state == "INVALID"
    assert summary.load.concurrency_peak is None
    assert summary.load.duration_s is None
    assert summary.metrics["voice_to_voice"].p50.value is None
    assert summary.failure_rate.value is None
    assert summary.send_lateness.p99_ms is None
    assert summary.send_lateness.why
    assert summary.cost.total is None


def test_accuracy_stands_only_beside_a_truth_and_says_what_it_means(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    ids = {"session": "p", "response": "r"}
    turns = [
        make_turn(800.0, provider_ids=ids, speech_end_sample=480),
        make_turn(
            900.0,
            session="s1",
            network="lte",
            provider_ids=ids | {"response": "q"},
            speech_end_sample=480,
        ),
    ]
    truth = [
        TruthRecord(
            session_id="p",
            response_id=response,
            turn_index=0,
            frame_end_samples=(480, 960),
            frame_received_ns=(20_000_000, 40_000_000),
            heard_end_sample=480,
            endpoint_ns=0,
            drawn_ms=0.0,
            lead_silence_ms=0.0,
            first_audio_due_ns=0,
            first_audible_heard_ns=818_000_000,
        )
        for response in ("r", "q")
    ]
    run = make_run(turns, networks=[IDEAL, LTE], events=EVENTS)
    assert summarise(run, PRICES).accuracy == ()
    ideal, lte = summarise(run, PRICES, truth).accuracy
    assert ideal.difference.p50_ms == pytest.approx(2.0)
    assert ideal.of_percentiles.p50_ms == pytest.approx(2.0)
    assert "error of the measurement" in ideal.note
    assert "network's own delay" in lte.note


def test_a_session_that_ends_as_another_begins_is_not_beside_it(make_session: MakeSession) -> None:
    back_to_back = [
        make_session("a", open_start_ns=0, closed_ns=5),
        make_session("b", open_start_ns=5, closed_ns=9),
        make_session("c", open_start_ns=None),
    ]
    assert concurrency_peak(back_to_back) == 1
    never_ended = make_session("d", open_start_ns=6, closed_ns=None)
    assert concurrency_peak([*back_to_back, never_ended]) == 2


def test_user_classes_are_strata_with_their_sessions_where_a_run_has_several(run: Run) -> None:
    named = {session.session_id: f"C{n % 2}" for n, session in enumerate(run.sessions)}
    of_classes = replace(
        run,
        turns=tuple(replace(turn, user_class=named[turn.session_id]) for turn in run.turns),
        sessions=tuple(replace(one, user_class=named[one.session_id]) for one in run.sessions),
    )
    strata = {part.by.get("user_class"): part for part in summarise(of_classes, PRICES).strata}
    for name in ("C0", "C1"):
        assert strata[name].turns == sum(turn.user_class == name for turn in of_classes.turns) > 0
        sessions = sum(found == name for found in named.values())
        assert strata[name].metrics["session_setup"].n == sessions
    alone = replace(run, turns=tuple(replace(turn, user_class="C") for turn in run.turns))
    alone = replace(alone, sessions=tuple(replace(one, user_class="C") for one in run.sessions))
    assert not any("user_class" in part.by for part in summarise(alone, PRICES).strata)
