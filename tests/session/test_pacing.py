"""A caller's frames against the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Party
from harness.model import SessionCreated, TurnStatus
from harness.session import Caller
from harness.session.pacing import Pacing
from tests.session.answering import MS, SILENCE, Answering, hang_up, new_session


def pacing(from_ns: int = 0) -> Pacing:
    begun = Pacing(480, 24_000)
    begun.begin(from_ns)
    return begun


def take(begun: Pacing, frames: int, late_ns: int) -> None:
    """Take frames from what is ahead, as an engine does."""
    for _ in range(frames):
        next(begun.ahead.frames)
    begun.ahead.late_max_ns = max(begun.ahead.late_max_ns, late_ns)


def test_the_grid_begins_at_a_whole_millisecond_and_the_first_frame_ends_a_frame_later() -> None:
    assert pacing(3 * MS + 1).due_ns == 24 * MS


def test_frames_taken_ahead_move_what_is_due_and_tell_how_late_they_were() -> None:
    begun = pacing()
    begun.ahead.repeat(b"silence", 10)
    take(begun, 3, 2 * MS)
    assert begun.due_ns == 20 * MS
    assert begun.count() == (3, 2 * MS)
    assert (begun.due_ns, begun.frames, begun.late_max_ns) == (80 * MS, 3, 2 * MS)
    take(begun, 1, 1 * MS)
    assert begun.count() == (1, 1 * MS)
    assert begun.late_max_ns == 2 * MS
    assert begun.count() == (0, 0)


@pytest.mark.parametrize(
    ("late_ns", "slipped"), [(0, 0), (20 * MS, 0), (100 * MS, 0), (100 * MS + 1, 5), (145 * MS, 7)]
)
def test_a_frame_that_is_later_than_the_backlog_moves_the_grid(late_ns: int, slipped: int) -> None:
    begun = pacing()
    assert begun.take_up(20 * MS + late_ns) == late_ns
    assert begun.sent(1) == 40 * MS + slipped * 20 * MS
    assert (begun.slipped, begun.late_max_ns) == (slipped, late_ns)


def test_a_frame_that_is_longer_than_the_backlog_and_late_by_less_than_itself_moves_nothing() -> (
    None
):
    begun = Pacing(4_800, 24_000)
    begun.begin(0)
    assert begun.take_up(350 * MS) == 150 * MS
    assert begun.sent(1) == 400 * MS
    assert begun.slipped == 0


def test_a_new_connection_counts_its_audio_from_nothing() -> None:
    begun = pacing()
    begun.take_up(20 * MS)
    begun.sent(1)
    begun.begin(500 * MS)
    frame, grid = begun.position()
    assert (frame, grid.start_ns, begun.due_ns, begun.frames) == (0, 500 * MS, 520 * MS, 1)


def test_nothing_is_due_once_the_connection_is_gone() -> None:
    begun = pacing()
    begun.end()
    assert begun.due_ns is None


class Stalls:
    """How late frames are while our own process does nothing; all times in ns.

    Args:
        server: Whose clock it is.
        stalls: When each stall begins, and how long it takes; in order, apart.
    """

    def __init__(self, server: Answering, stalls: list[tuple[int, int]]) -> None:
        self._server, self._stalls = server, stalls
        server.late_ns = self

    def __call__(self, frame: int) -> int:
        due_ns, sent = self._server.due_ns, self._server.sent
        at_ns = max(due_ns, sent[-1][0] if sent else 0)
        for begins_ns, takes_ns in self._stalls:
            if begins_ns <= at_ns < begins_ns + takes_ns:
                at_ns = begins_ns + takes_ns
        return at_ns - due_ns


def stalled(*stalls: tuple[float, float], takes_ahead: bool = True) -> tuple[Answering, Caller]:
    """Hold a call of two turns with our own stalls: when each begins and how long, in ms.

    The caller speaks from 100 to 300 ms, the answer comes at 1,080 ms, the next turn begins after
    1,330 ms.
    """
    session = new_session(turns=2)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.takes_ahead = takes_ahead
    Stalls(server, [(round(at * MS), round(takes * MS)) for at, takes in stalls])
    server.run(until_ms=20_000)
    return server, session


def words(server: Answering) -> list[bytes]:
    return [message for _, message in server.sent if message != SILENCE]


WORDS = [f"u{turn}-{frame}".encode() for turn in range(2) for frame in range(10)]


@pytest.mark.parametrize("takes_ahead", [False, True])
@pytest.mark.parametrize("stall_ms", [0, 19, 20, 60, 100])
def test_up_to_100_ms_of_backlog_leaves_at_once_and_the_plan_does_not_move(
    stall_ms: int, takes_ahead: bool
) -> None:
    punctual, _ = stalled()
    # It begins when a frame is due, in the midst of speech.
    server, session = stalled((160, stall_ms), takes_ahead=takes_ahead)
    assert [message for _, message in server.sent] == [message for _, message in punctual.sent]
    for (at_ns, _), (due_ns, _) in zip(server.sent, punctual.sent, strict=True):
        inside = 160 * MS <= due_ns < (160 + stall_ms) * MS
        assert at_ns == ((160 + stall_ms) * MS if inside else due_ns)
    assert [turn.status for turn in server.turns] == [TurnStatus.COMPLETED] * 2
    record = hang_up(session)
    assert record.frames_intended == record.frames_sent == len(punctual.sent)
    assert record.send_lateness_max_ns == stall_ms * MS
    assert server.turns[0].send_lateness_max_ns == stall_ms * MS
    assert server.turns[0].at.speech_end_ns == punctual.turns[0].at.speech_end_ns


@pytest.mark.parametrize("takes_ahead", [False, True])
def test_beyond_100_ms_the_plan_moves_and_the_turn_is_void(takes_ahead: bool) -> None:
    server, session = stalled((160, 100.001), takes_ahead=takes_ahead)
    assert words(server) == WORDS, "what was to be said is said, later"
    gaps_ns = [b - a for (a, _), (b, _) in zip(server.sent, server.sent[1:], strict=False)]
    # The plan moves by whole frames, so what follows a stall may be nearer by the odd part.
    assert min(gaps_ns) == 20 * MS - 1_000
    assert [turn.status for turn in server.turns] == [TurnStatus.VOID, TurnStatus.COMPLETED]
    record = hang_up(session)
    assert record.frames_intended - record.frames_sent == 5


@pytest.mark.parametrize(
    ("at_ms", "statuses"),
    [
        (500, [TurnStatus.VOID, TurnStatus.COMPLETED]),
        (1_110, [TurnStatus.COMPLETED] * 2),  # the answer has been heard from
        (1_350, [TurnStatus.COMPLETED] * 2),  # between two turns
    ],
)
def test_a_plan_that_moves_before_the_answer_is_heard_voids_the_turn(
    at_ms: int, statuses: list[TurnStatus]
) -> None:
    server, session = stalled((at_ms, 130))
    assert [turn.status for turn in server.turns] == statuses
    for turn in server.turns:
        if turn.status is TurnStatus.VOID:
            assert turn.fault is not None
            assert (turn.fault.party, turn.fault.code) == (Party.OURS, "held_up")
    assert hang_up(session).frames_intended > len(server.sent)


@given(
    stalls=st.lists(
        st.tuples(st.integers(1, 400), st.integers(1, 250), st.integers(0, 999_999)), max_size=6
    ),
    takes_ahead=st.booleans(),
)
def test_no_planned_frame_vanishes_and_the_plan_moves_only_beyond_the_backlog(
    stalls: list[tuple[int, int, int]], takes_ahead: bool
) -> None:
    at_ms, placed = 0.0, []
    for pause_ms, takes_ms, odd_ns in stalls:
        at_ms += pause_ms
        placed.append((at_ms, takes_ms + odd_ns / MS))
        at_ms += takes_ms + 1
    server, session = stalled(*placed, takes_ahead=takes_ahead)
    record = hang_up(session)
    assert words(server) == WORDS
    assert record.frames_sent == len(server.sent)
    # What is due last is due on the plan as it has become: every slot was used or counted.
    assert server.due_ns == (record.frames_intended + 1) * 20 * MS
    assert record.send_lateness_max_ns is not None
    beyond = record.send_lateness_max_ns > 100 * MS
    assert (record.frames_intended > record.frames_sent) == beyond
