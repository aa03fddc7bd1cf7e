from collections.abc import Callable

from harness.analysis.behaviour import behaviour_summary
from harness.model import (
    BargeIn,
    BehaviourOutcome,
    CarrierAccount,
    Check,
    SessionRecord,
    TurnInstants,
    TurnRecord,
    TurnStatus,
)
from harness.model.behaviour_summary import (
    ApplicationSummary,
    BackchannelSummary,
    BargeInSummary,
    BehaviourSummary,
    CheckSummary,
    HesitationSummary,
    ToolSummary,
)

MakeTurn = Callable[..., TurnRecord]


def test_a_run_without_a_script_has_nothing_to_tell(make_turn: MakeTurn) -> None:
    assert behaviour_summary([make_turn(), make_turn(behaviour=BehaviourOutcome())]) is None


def test_what_was_asked_for_and_what_came_of_it_are_counted(make_turn: MakeTurn) -> None:
    answered = TurnInstants(speech_end_ns=0, first_audible_ns=1, answer_audible_ns=5)
    turns = [
        make_turn(behaviour=BehaviourOutcome(barge_in=BargeIn.STOPPED, backchannels=2)),
        make_turn(
            behaviour=BehaviourOutcome(barge_in=BargeIn.DEAF, backchannels=1, backchannels_taken=1)
        ),
        make_turn(behaviour=BehaviourOutcome(barge_in=BargeIn.STOPPED)),
        make_turn(behaviour=BehaviourOutcome(hesitation_ms=300.0)),
        make_turn(
            -80.0, status=TurnStatus.PREMATURE, behaviour=BehaviourOutcome(hesitation_ms=300.0)
        ),
        make_turn(behaviour=BehaviourOutcome(expected_tool="book")),
        make_turn(at=answered, behaviour=BehaviourOutcome(expected_tool="book", tools=("book",))),
        make_turn(
            at=answered, behaviour=BehaviourOutcome(expected_tool="book", tools=("look_up", "book"))
        ),
        make_turn(None, status=TurnStatus.TIMEOUT, behaviour=BehaviourOutcome(tools=("look_up",))),
    ]
    assert behaviour_summary(turns) == BehaviourSummary(
        barge_in=BargeInSummary(planned=3, stopped=2, ended_first=0, deaf=1, missed=0, cut=0),
        backchannels=BackchannelSummary(sent=3, taken_for_turns=1),
        hesitations=HesitationSummary(planned=2, answered_within=1),
        tools=ToolSummary(expected=3, used=2, not_used=1, unexpected=2, unanswered=1),
    )


def test_only_what_was_asked_for_is_told(make_turn: MakeTurn) -> None:
    found = behaviour_summary([make_turn(behaviour=BehaviourOutcome(backchannels=1))])
    assert found == BehaviourSummary(backchannels=BackchannelSummary(sent=1, taken_for_turns=0))


def test_checks_are_counted_by_what_was_expected(
    make_session: Callable[..., SessionRecord],
) -> None:
    checks = (("used the tool", True), ("used the tool", False), ("said the price", True))
    sessions = [make_session(checks=(Check(what=what, passed=ok),)) for what, ok in checks]
    found = behaviour_summary([], sessions)
    assert found is not None
    assert found.checks == (
        CheckSummary(what="used the tool", made=2, failed=1),
        CheckSummary(what="said the price", made=1, failed=0),
    )


def test_what_a_carrier_saw_of_an_application_is_summed_over_calls(
    make_turn: MakeTurn, make_session: Callable[..., SessionRecord]
) -> None:
    ends = (
        {"audio_stopped_ns": 9},
        {"audio_stopped_ns": 9, "response_resumed_ns": 10},
        {"talked_over_ns": 20},
    )
    turns = [
        make_turn(at=TurnInstants(first_audible_ns=30, barge_in_onset_ns=5, **end)) for end in ends
    ]
    accounts = CarrierAccount(bursts=2, bursts_unmarked=1), CarrierAccount(frames_dropped=7)
    sessions = [make_session(carrier=account) for account in accounts]
    found = behaviour_summary([*turns, make_turn()], [*sessions, make_session()])
    assert found is not None
    assert found.application == ApplicationSummary(
        calls=2,
        interruptions=3,
        not_cleared=1,
        resumed=1,
        bursts=2,
        bursts_unmarked=1,
        frames_dropped=7,
    )


def test_in_text_nothing_is_taken_back_and_nothing_is_told_of_it(
    make_text_turn: MakeTurn, make_session: Callable[..., SessionRecord]
) -> None:
    account = CarrierAccount(commands=3)
    assert behaviour_summary([make_text_turn()], [make_session(carrier=account)]) is None
