from collections.abc import Callable

from harness.analysis.fault_counts import by_party_and_phase, fault_counts
from harness.errors import Fault, Party, Phase
from harness.model import Run, SessionRecord, TurnInstants, TurnRecord, TurnStatus
from harness.model.breakdown_summary import FaultSummary

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]


def test_faults_are_counted_by_kind_with_their_first_words(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    busy = [Fault(Party.THEIRS, Phase.RESPONSE, "busy", words) for words in ("one", "two")]
    turns = [
        make_turn(None, index=n, status=TurnStatus.FAILED, fault=f) for n, f in enumerate(busy)
    ]
    lost = Fault(Party.NETWORK, Phase.CLOSE, "close_1006", "gone")
    run = make_run([make_turn(index=2), *turns], [make_session(fault=lost)])
    common = FaultSummary(
        party=Party.THEIRS,
        phase=Phase.RESPONSE,
        code="busy",
        of="turn",
        words="one",
        count=2,
        first_s=10.0,
        last_s=10.0,
    )
    rare = FaultSummary(
        party=Party.NETWORK,
        phase=Phase.CLOSE,
        code="close_1006",
        of="session",
        words="gone",
        count=1,
        first_s=60.1,
        last_s=60.1,
    )
    assert fault_counts(run) == (common, rare)


def test_a_greeting_that_was_waited_for_in_vain_is_counted(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    silent = Fault(Party.THEIRS, Phase.RESPONSE, "no_greeting", "the agent did not speak first")
    (found,) = fault_counts(make_run([make_turn()], [make_session(greeting_fault=silent)]))
    assert (found.of, found.code, found.count) == ("greeting", "no_greeting", 1)


def test_a_run_that_went_well_has_none(make_run: MakeRun, make_turn: MakeTurn) -> None:
    assert fault_counts(make_run([make_turn()])) == ()


def test_when_a_fault_came_is_not_known_where_no_instant_is(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    fault = Fault(Party.OURS, Phase.CONNECT, "no_free_caller")
    dropped = make_turn(None, status=TurnStatus.DROPPED, fault=fault, at=TurnInstants())
    (found,) = fault_counts(make_run([dropped]))
    assert (found.first_s, found.last_s) == (None, None)


def test_counts_add_up_by_party_and_phase(make_run: MakeRun, make_turn: MakeTurn) -> None:
    faults = [
        Fault(Party.THEIRS, Phase.RESPONSE, "busy"),
        Fault(Party.THEIRS, Phase.RESPONSE, "broken"),
        Fault(Party.NETWORK, Phase.CLOSE, "close_1006"),
    ]
    turns = [make_turn(None, status=TurnStatus.FAILED, fault=fault) for fault in faults]
    sums = by_party_and_phase(fault_counts(make_run(turns)))
    assert sums == {Party.THEIRS: {Phase.RESPONSE: 2}, Party.NETWORK: {Phase.CLOSE: 1}}
