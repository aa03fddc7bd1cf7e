"""An application that takes no audio loses it, and is told to have lost it."""

from dataclasses import dataclass, field

import pytest

from harness.engine.congestion import Congestion
from harness.errors import Fault, Party, Phase
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus

FRAME = bytes(400)


@dataclass
class SlowOutlet:
    fileno = -1
    waiting: int = 0
    written: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.waiting += len(data)

    def keep(self, data: bytes) -> None:
        raise AssertionError


def test_a_second_of_frames_waits_and_the_rest_is_dropped_until_there_is_room() -> None:
    outlet = SlowOutlet()
    congestion = Congestion(outlet, 20)
    for _ in range(200):
        congestion.write(FRAME)
    assert (len(outlet.written), congestion.dropped) == (51, 149)
    outlet.waiting = 0
    congestion.write(FRAME)
    assert (len(outlet.written), congestion.take_dropped()) == (52, 149)
    assert congestion.take_dropped() == 0


def _turn(status: TurnStatus, party: Party | None) -> TurnRecord:
    return TurnRecord(
        session_id="s",
        turn_index=0,
        kind=TurnKind.FIRST,
        status=status,
        network="none",
        utterance_id="u",
        limit_ms=1.0,
        at=TurnInstants(first_audible_ns=1 if status is TurnStatus.COMPLETED else None),
        fault=None if party is None else Fault(party, Phase.RESPONSE, "no_reply", "nothing"),
    )


@pytest.mark.parametrize(
    ("status", "party", "explained"),
    [
        (TurnStatus.NO_REPLY, Party.UNKNOWN, True),
        (TurnStatus.TIMEOUT, Party.UNKNOWN, True),
        (TurnStatus.VOID, Party.OURS, False),
        (TurnStatus.COMPLETED, None, False),
    ],
)
def test_a_turn_that_nobody_answered_names_what_it_lost_and_whose_fault_it_was(
    status: TurnStatus, party: Party | None, explained: bool
) -> None:
    congestion = Congestion(SlowOutlet(waiting=10**6), 20)
    for _ in range(7):
        congestion.write(FRAME)
    before = _turn(status, party)
    (turn,) = congestion.explained([before])
    if not explained:
        assert turn == before
        return
    assert turn.fault is not None
    assert turn.fault.party is Party.THEIRS
    assert turn.fault.detail.startswith("7 frames were dropped")
    # The next turn has lost nothing.
    assert congestion.explained([before]) == [before]
