"""The native thread that carries all audio of a process.

Locust's users are greenlets of one thread; a frame that waits for a greenlet is late. So all
sessions live on one event loop in a thread of its own, paced by one heap of deadlines. Greenlets
put calls in (`hold`) and look for outcomes (`take_outcomes`); nothing else crosses.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import gevent
import gevent.event
import gevent.threadpool
import numpy as np
import uvloop

from harness.clock import now_ns
from harness.engine.call import Call, CallEvents, Outcome, no_session, stopped
from harness.engine.deadlines import Deadlines
from harness.engine.frame_stream import FrameStream
from harness.engine.route import Route
from harness.engine.thread_priority import ThreadPriority
from harness.engine.timer import DeadlineTimer
from harness.errors import sanitised
from harness.model import NS_PER_MS, Event
from harness.recording import Histogram
from harness.session import BACKLOG_NS, Caller
from harness.transport import release

Result = TypeVar("Result")

_POLL_S = 0.01
# No whole number of milliseconds, so that beats fall anywhere between frames.
_HEARTBEAT_NS = 17_321_000
_HAND_OVER_S = 1.0
_STOP_LIMIT_S = 5.0
_FIRST_PING_S, _PING_EVERY_S = 1.0, 5.0
_SEND_AT_MOST_NS = 2 * NS_PER_MS


class AudioEngine:
    """One thread, one loop, all sessions of this process. Make it after any fork."""

    def __init__(self) -> None:
        self._late_ns, self._lag = array("q"), Histogram()
        self._outcomes: deque[Outcome] = deque()
        self._measured: deque[tuple[array[int], Histogram]] = deque()
        self._calls: set[Call] = set()
        self._due: Deadlines[FrameStream[Call]] = Deadlines()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: gevent.threadpool.ThreadPool | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._beat_ns = self._read_until_ns = 0
        self._crash: BaseException | None = None

    def start(self) -> None:
        """Start the thread and return when its loop runs."""
        started = gevent.event.Event()
        hub_loop = gevent.get_hub().loop
        watcher = hub_loop.async_()
        watcher.start(started.set)
        self._pool = gevent.threadpool.ThreadPool(1)
        self._pool.spawn(self._thread, watcher.send)
        started.wait()
        watcher.close()

    def stop(self) -> None:
        """End the loop and the thread; calls still open are cut off."""
        if self._loop is not None and self._pool is not None:
            self._from_outside(self._quit)
            # A thread that hangs must not keep the process: it ends with it.
            with gevent.Timeout(_STOP_LIMIT_S, False):
                self._pool.join()
                self._pool.kill()
            self._loop = self._pool = None

    def hold(
        self, session: Caller, route: Route, listener: Callable[[Event], None] | None = None
    ) -> None:
        """Hold a call; what it has to say comes by `take_outcomes`, events go to `listener`."""
        self._from_outside(self._open, session, route, listener)

    def run(self, errand: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and return what it returns, without blocking greenlets."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(errand, self._loop)
        while not future.done():
            if self._crash is not None:
                raise self._died() from self._crash
            gevent.sleep(_POLL_S)
        return future.result()

    def wind_up(self) -> None:
        """Let every session end after its current turn."""
        self._from_outside(self._wind_up)

    def abandon(self) -> None:
        """Close every session now."""
        self._from_outside(self._cut_off)

    def take_outcomes(self) -> list[Outcome]:
        """Return the outcomes of calls since the last time.

        Raises:
            RuntimeError: The engine's thread died; raised when all its outcomes have been taken.
        """
        taken = []
        while self._outcomes:
            taken.append(self._outcomes.popleft())
        if not taken and self._crash is not None:
            raise self._died() from self._crash
        return taken

    def forget(self) -> None:
        """Drop what was measured so far: while a run is prepared, nothing is due."""
        self._from_outside(self._forget)

    def take_histograms(self) -> dict[str, Histogram]:
        """Return how late frames and loop were since the last time, by tag.

        Complete to within a second while the engine runs, wholly once it has stopped.
        """
        total = {"send_lateness": Histogram(), "loop_lag": Histogram()}
        while self._measured:
            late_ns, lag = self._measured.popleft()
            total["send_lateness"].record_array(np.frombuffer(late_ns, dtype=np.int64))
            total["loop_lag"].merge(lag)
        return total

    def _from_outside(self, function: Callable[..., Any], *arguments: Any) -> None:
        if self._loop is not None and self._crash is None:
            self._loop.call_soon_threadsafe(function, *arguments)

    def _died(self) -> RuntimeError:
        return RuntimeError(f"the audio engine died: {sanitised(repr(self._crash))}")

    def _thread(self, announce: Callable[[], None]) -> None:
        self._loop, self._priority = uvloop.new_event_loop(), ThreadPriority()
        try:
            self._timer = DeadlineTimer(self._loop, self._vital(self._run_due))
            self._heart = DeadlineTimer(self._loop, self._vital(self._heartbeat))
            self._beat_ns = now_ns() + _HEARTBEAT_NS
            self._heart.arm(self._beat_ns)
            self._loop.call_later(_HAND_OVER_S, self._hand_over_again)
            self._loop.call_soon(announce)
            self._loop.run_forever()
        except BaseException as error:
            self._crash = error
            raise
        finally:
            release(self._loop)
            self._loop.close()

    def _vital(self, step: Callable[[], None]) -> Callable[[], None]:
        """Return `step` such that its failure ends the engine: no frame would leave after it."""

        def guarded() -> None:
            try:
                step()
            except Exception as error:
                self._crash = error
                assert self._loop is not None
                self._loop.stop()

        return guarded

    def _quit(self) -> None:
        assert self._loop is not None
        self._cut_off()
        self._timer.close()
        self._heart.close()
        self._hand_over()
        for task in self._opening:
            task.cancel()
        self._loop.call_soon(self._loop.stop)

    def _open(
        self, session: Caller, route: Route, listener: Callable[[Event], None] | None
    ) -> None:
        assert self._loop is not None
        host = CallEvents(
            ready=self._ready,
            reconnect=self._reconnect,
            outcome=self._outcome,
            message_done=self._message_done,
        )
        call = Call(session, route, host, listener)
        self._calls.add(call)
        self._connect(call)

    def _connect(self, call: Call) -> None:
        assert self._loop is not None
        if call.over:
            return
        task = self._loop.create_task(call.open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        self._loop.call_later(call.setup_limit_s, self._expect_session, call)

    def _reconnect(self, call: Call, wait_s: float) -> None:
        assert self._loop is not None
        self._loop.call_later(wait_s, self._connect, call)

    def _expect_session(self, call: Call) -> None:
        if not call.session.ready and not call.over:
            call.hang_up(no_session(call.setup_limit_s))

    def _ready(self, call: Call, stream: FrameStream[Call]) -> None:
        assert call.session.due_ns is not None
        assert self._loop is not None
        if call.impairment is not None:
            call.impairment.begin(self._loop, call.session.due_ns)
        self._due.add(call.session.due_ns, stream.frame_ns, stream)
        self._arm()
        # The set-up's own traffic would be in the round trip of an earlier one.
        self._loop.call_later(_FIRST_PING_S, self._ping, stream)

    def _ping(self, stream: FrameStream[Call]) -> None:
        assert self._loop is not None
        if stream.owner.stream is stream:
            stream.owner.ping()
            self._loop.call_later(_PING_EVERY_S, self._ping, stream)

    def _outcome(self, call: Call, outcome: Outcome) -> None:
        if outcome.session is not None:
            self._calls.discard(call)
            if call.impairment is not None:
                call.impairment.end()
        self._outcomes.append(outcome)

    def _wind_up(self) -> None:
        for call in tuple(self._calls):
            call.session.wind_up()
            if call.session.finished:
                call.hang_up()

    def _cut_off(self) -> None:
        for call in tuple(self._calls):
            call.hang_up(stopped(call.session.phase()))

    def _arm(self) -> None:
        next_ns = self._due.next_ns
        if next_ns is not None:
            self._timer.arm(next_ns)

    def _run_due(self) -> None:
        """Send the frames that are due, then sleep until the next."""
        due, began_ns = self._due, now_ns()
        while (due_ns := due.next_ns) is not None:
            at_ns = now_ns()
            # What arrives waits meanwhile, and would be stamped late.
            if due_ns > at_ns or at_ns - began_ns > _SEND_AT_MOST_NS:
                break
            frame_ns, streams = due.take()
            self._send(due_ns, frame_ns, streams)
        self._arm()

    def _message_done(self) -> None:
        """Send the frames of one instant if that has come.

        The loop reads all that has arrived before it looks at its timers, which may take longer
        than a frame may wait. But what arrives may not wait for ever either: reading gets half
        as long as sending took before.
        """
        next_ns, at_ns = self._due.next_ns, now_ns()
        if next_ns is not None and next_ns <= at_ns and self._read_until_ns <= at_ns:
            frame_ns, streams = self._due.take()
            self._send(next_ns, frame_ns, streams)
            sent_ns = now_ns()
            self._read_until_ns = sent_ns + (sent_ns - at_ns) // 2

    def _send(self, due_ns: int, frame_ns: int, streams: list[FrameStream[Call]]) -> None:
        """Send the frames due at one instant: ready ones at once, others by asking their call."""
        last_ns = due_ns + BACKLOG_NS
        late, kept = self._late_ns.append, []
        for stream in streams:
            ahead, at_ns = stream.ahead, now_ns()
            message = next(ahead.frames, None) if at_ns <= last_ns else None
            if message is None:
                self._ask(stream)
                continue
            try:
                stream.write(message)
            except Exception as error:
                stream.owner.crashed(error)
                continue
            ahead.sent_ns, late_ns = at_ns, at_ns - due_ns
            if late_ns > ahead.late_max_ns:
                ahead.late_max_ns = late_ns
            late(late_ns)
            kept.append(stream)
        self._due.add_all(due_ns + frame_ns, frame_ns, kept)

    def _ask(self, stream: FrameStream[Call]) -> None:
        """Send a frame that takes a thought of the session."""
        call = stream.owner
        if call.stream is not stream:
            return
        try:
            self._late_ns.append(call.tick(now_ns()))
        except Exception as error:
            call.crashed(error)
            return
        next_ns = call.session.due_ns
        if next_ns is not None and call.stream is stream:
            self._due.add(next_ns, stream.frame_ns, stream)

    def _forget(self) -> None:
        self._hand_over()
        self._measured.clear()
        # What held the loop up until now is no lag of the run either.
        self._beat_ns = now_ns() + _HEARTBEAT_NS
        self._heart.arm(self._beat_ns)

    def _hand_over(self) -> None:
        self._measured.append((self._late_ns, self._lag))
        self._late_ns, self._lag = array("q"), Histogram()

    def _hand_over_again(self) -> None:
        assert self._loop is not None
        self._hand_over()
        self._priority.review()
        self._loop.call_later(_HAND_OVER_S, self._hand_over_again)

    def _heartbeat(self) -> None:
        """Measure how late the loop comes to what became readable at a known instant.

        So late is the stamp of what arrives, too.
        """
        at_ns = now_ns()
        while self._beat_ns <= at_ns:
            self._lag.record_ns(at_ns - self._beat_ns)
            self._beat_ns += _HEARTBEAT_NS
        self._heart.arm(self._beat_ns)
