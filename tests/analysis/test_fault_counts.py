from collections.abc import Callable

from harness.analysis.fault_counts import FaultCount, fault_counts
from harness.errors import Fault, Party, Phase
from harness.model import Run, SessionRecord, TurnRecord, TurnStatus

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
    common = FaultCount(
        party=Party.THEIRS, phase=Phase.RESPONSE, code="busy", of="turn", words="one", count=2
    )
    rare = FaultCount(
        party=Party.NETWORK,
        phase=Phase.CLOSE,
        code="close_1006",
        of="session",
        words="gone",
        count=1,
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
