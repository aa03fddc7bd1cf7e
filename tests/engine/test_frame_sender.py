"""Frames leave when they are due, and after stalls of ours; on a clock that the test holds."""

from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.engine.call import Call
from harness.engine.frame_sender import FrameSender
from harness.engine.frame_stream import FrameStream
from harness.model import SessionCreated
from harness.session import Caller, ReadyFrames
from tests.session.answering import new_session

MS = 1_000_000


class Loop:
    """An event loop that does nothing but send; all times in ns.

    Args:
        monkeypatch: Sets the clock.
        send_ns: What sending one frame takes.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, send_ns: int = 0) -> None:
        self.at_ns = self.armed_ns = 0
        self._send_ns = send_ns
        self._written: list[bytes] = []
        monkeypatch.setattr("harness.engine.frame_sender.now_ns", lambda: self.at_ns)
        self.sender = FrameSender()
        self.sender.start(self._arm)

    def add(self, due_ms: int, name: str, frames: int = 50) -> "Held":
        """Add a caller who knows so many frames ahead."""
        held = Held(self, None)
        held.stream.ahead.queue([f"{name}{number}".encode() for number in range(frames)])
        self.sender.add(cast("FrameStream[Call]", held.stream), due_ms * MS)
        return held

    def wake(self, at_ms: float) -> list[bytes]:
        """Let the timer go off, at that time, and return what was written."""
        self.at_ns = round(at_ms * MS)
        self.sender.send_due()
        return self._told()

    def handle_message(self, at_ms: float) -> list[bytes]:
        """Have a message handled by then, and return what was written."""
        self.at_ns = round(at_ms * MS)
        self.sender.message_done()
        return self._told()

    def write(self, message: bytes) -> None:
        self._written.append(message)
        self.at_ns += self._send_ns

    def _told(self) -> list[bytes]:
        told, self._written = self._written, []
        return told

    def _arm(self, at_ns: int) -> None:
        self.armed_ns = at_ns


class Held:
    """What the sender needs of a call; without a session every question is an error."""

    def __init__(self, loop: Loop, session: Caller | None) -> None:
        self.session = session
        self.errors: list[Exception] = []
        self._loop = loop
        ahead = ReadyFrames() if session is None else session.pacing.ahead
        self.stream = FrameStream(self, ahead, loop.write, 20 * MS)

    def tick(self, at_ns: int) -> int:
        if self.session is None:
            raise LookupError(at_ns)
        message, late_ns = self.session.tick(at_ns)
        self._loop.write(message)
        return late_ns

    def crashed(self, error: Exception) -> None:
        self.errors.append(error)


def test_frames_leave_when_they_are_due_and_the_timer_is_set_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop(monkeypatch)
    loop.add(20, "a")
    loop.add(25, "b")
    assert loop.armed_ns == 20 * MS
    assert loop.wake(20) == [b"a0"]
    assert loop.armed_ns == 25 * MS
    assert loop.wake(25.5) == [b"b0"]
    assert loop.armed_ns == 40 * MS
    assert list(loop.sender.take_lateness()) == [0, MS // 2]


@pytest.mark.parametrize("stall_ms", [0, 20, 65, 100])
def test_after_a_stall_the_backlog_leaves_at_once_the_oldest_of_all_calls_first(
    monkeypatch: pytest.MonkeyPatch, stall_ms: int
) -> None:
    loop = Loop(monkeypatch)
    held = [loop.add(20, "a"), loop.add(25, "b")]
    both = ((20, "a"), (25, "b"))
    due = [(first_ms + 20 * n, f"{name}{n}") for n in range(6) for first_ms, name in both]
    left = [name.encode() for due_ms, name in due if due_ms <= 20 + stall_ms]
    assert loop.wake(20 + stall_ms) == left
    assert max(loop.sender.take_lateness()) == held[0].stream.ahead.late_max_ns == stall_ms * MS
    assert all(not one.errors for one in held)


def test_a_call_is_asked_for_what_is_later_than_the_backlog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop(monkeypatch)
    held = loop.add(20, "a")
    assert loop.wake(120.000001) == []
    assert [type(error) for error in held.errors] == [LookupError]


def test_a_connection_that_breaks_costs_its_own_call(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    broken = loop.add(20, "a")
    loop.add(20, "b")
    monkeypatch.setattr(broken.stream, "write", None)
    assert loop.wake(20) == [b"b0"]
    assert [type(error) for error in broken.errors] == [TypeError]
    assert loop.wake(40) == [b"b1"]


def test_due_frames_leave_after_every_message_that_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop(monkeypatch)
    loop.add(20, "a")
    loop.add(22, "b")
    told = [loop.handle_message(at_ms) for at_ms in (19, 20, 21, 23)]
    assert told == [[], [b"a0"], [], [b"b0"]]


def test_where_frames_never_cease_to_be_due_reading_gets_a_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop(monkeypatch, send_ns=2 * MS)
    for number in range(20):
        loop.add(1, f"{number}-", frames=3)
        loop.add(2 + number, f"{number}+", frames=3)
    assert len(loop.wake(1)) == 20, "what is due together leaves together"
    assert loop.armed_ns == 46 * MS
    assert [loop.handle_message(at_ms) for at_ms in (41, 45.9)] == [[], []]
    assert loop.wake(41) == [], "nor when the timer goes off too early"
    assert loop.armed_ns == 46 * MS
    assert loop.handle_message(46)[:2] == [b"0+0", b"1+0"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.integers(1, 4),
    pauses_ms=st.lists(st.integers(0, 300), max_size=8),
    send_us=st.sampled_from([0, 10, 3_000, 9_000]),
)
def test_no_planned_frame_vanishes_and_none_is_skipped_within_the_backlog(
    monkeypatch: pytest.MonkeyPatch, calls: int, pauses_ms: list[int], send_us: int
) -> None:
    loop = Loop(monkeypatch, send_us * 1_000)
    sessions = [new_session(phase_ns=3 * number * MS) for number in range(calls)]
    for session in sessions:
        session.receive(SessionCreated(), 0)
        held = Held(loop, session)
        assert session.due_ns is not None
        loop.sender.add(cast("FrameStream[Call]", held.stream), session.due_ns)
    written, late_ns = 0, [0]
    for pause_ms in [*pauses_ms, 0]:
        written += len(loop.wake(max(loop.at_ns, loop.armed_ns) / MS + pause_ms))
        late_ns += loop.sender.take_lateness()
    counted = [session.pacing.slots for session in sessions]
    assert sum(sent for sent, _ in counted) == written
    # A frame is late until it has left, and skipped by when it begins to leave.
    if sum(skipped for _, skipped in counted):
        assert max(late_ns) > 100 * MS
    else:
        assert max(late_ns) - send_us * 1_000 <= 100 * MS
    for session, (sent, skipped) in zip(sessions, counted, strict=True):
        session.wind_up()  # counts what was taken ahead
        assert session.due_ns is not None
        assert session.due_ns // (20 * MS) == sent + skipped + 1, "every slot was used or counted"
