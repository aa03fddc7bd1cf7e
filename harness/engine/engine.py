"""The native thread that carries all audio of a process.

Locust's users are greenlets of one thread; a frame that waits for a greenlet is late. So all
sessions live on one event loop in a thread of its own, paced by one heap of deadlines. Greenlets
hand calls over (`hold`) and collect outcomes (`take_outcomes`); nothing else crosses threads.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any, TypeVar

import gevent
import gevent.event
import gevent.threadpool
import numpy as np
import uvloop

from harness.clock import now_ns
from harness.engine.call import Call, CallEvents, Outcome
from harness.engine.carrier_api import CarrierApi
from harness.engine.frame_sender import FrameSender
from harness.engine.frame_stream import FrameStream
from harness.engine.route import Route
from harness.engine.thread_priority import AUDIO, BESIDE_AUDIO, ThreadPriority
from harness.engine.timer import DeadlineTimer
from harness.errors import Fault, sanitised
from harness.model import Event, ToolEnd
from harness.recording import Histogram
from harness.session import Caller, HeardSoFar, Saying, run_ended
from harness.transport import release

Result = TypeVar("Result")

_POLL_S = 0.01
# No whole number of milliseconds, so that beats fall anywhere between frames.
_HEARTBEAT_NS = 17_321_000
_HAND_OVER_S = 1.0
_STOP_LIMIT_S = 5.0
_FIRST_PING_S, _PING_EVERY_S = 1.0, 5.0


class AudioEngine:
    """One thread, one loop, all sessions of this process. Make it after any fork.

    Args:
        carrier_api: Address and port where applications may end calls, as over a carrier's REST
            API; `None` for nowhere.
        carrier_token: What such requests have to show, `None` for nothing.
    """

    def __init__(
        self,
        carrier_api: tuple[str, int] | None = None,
        carrier_token: str | None = None,
    ) -> None:
        self._carrier_address = carrier_api
        self._carrier_api = CarrierApi(carrier_token, self._hang_up_named)
        self._frames, self._lag = FrameSender(), Histogram()
        self._outcomes: deque[Outcome] = deque()
        self._measured: deque[tuple[array[int], Histogram]] = deque()
        self._calls: dict[str, Call] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: gevent.threadpool.ThreadPool | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._priorities: list[ThreadPriority] = []
        self._beside: ThreadPriority | None = None
        self._beat_ns = 0
        self._crash: BaseException | None = None

    def start(self) -> None:
        """Start the thread and return when its loop runs.

        Raises:
            BadInput: The address for applications cannot be listened on.
        """
        started = gevent.event.Event()
        hub_loop = gevent.get_hub().loop
        watcher = hub_loop.async_()
        watcher.start(started.set)
        self._pool = gevent.threadpool.ThreadPool(1)
        self._pool.spawn(self._thread, watcher.send)
        started.wait()
        watcher.close()
        if self._carrier_address is not None:
            self.run(self._carrier_api.listen(*self._carrier_address))

    def prioritise_caller(self) -> None:
        """Give the calling thread, too, priority over other programs until `stop`.

        It shares the interpreter: no frame leaves while it holds the GIL and waits for a core.
        """
        self._beside = ThreadPriority(BESIDE_AUDIO)
        self._priorities.append(self._beside)

    def stop(self) -> None:
        """End the loop and the thread; calls still open are cut off."""
        if self._beside is not None:
            self._beside.end()
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
        """Hold a call; its records come by `take_outcomes`, its events go to `listener`."""
        self._from_outside(self._open, session, route, listener)

    def say(self, session: Caller, saying: Saying) -> None:
        """Have an open-ended call say one more thing; nothing happens where it is over."""
        self._from_outside(self._of_call, session, partial(_say, saying))

    def say_no_more(self, session: Caller) -> None:
        """Have an open-ended call end once its last response has been heard."""
        self._from_outside(self._of_call, session, Call.say_no_more)

    def give_up(self, session: Caller, why: Fault) -> None:
        """End one call now."""
        self._from_outside(self._of_call, session, partial(_hang_up, why))

    def tool_worked_out(self, session: Caller, call_id: str, output: str, end: ToolEnd) -> None:
        """Give a call the result of a tool that the scenario's code has said."""
        self._from_outside(self._of_call, session, partial(_worked_out, call_id, output, end))

    async def so_far(self, session: Caller, turn_index: int) -> HeardSoFar | None:
        """Return what is known of a turn that goes on; for `run`, on the loop."""
        return session.conversation.so_far(turn_index)

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
        self._from_outside(self._in_turn, _wind_up)

    def abandon(self) -> None:
        """Close every session now."""
        self._from_outside(self._in_turn, _cut_off)

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
        self._loop = uvloop.new_event_loop()
        self._priorities.append(ThreadPriority(AUDIO))
        try:
            self._timer = DeadlineTimer(self._loop, self._vital(self._frames.send_due))
            self._frames.start(self._timer.arm)
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
        for call in tuple(self._calls.values()):
            _cut_off(call)
        self._carrier_api.close()
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
            message_done=self._frames.message_done,
        )
        call = Call(session, route, host, listener)
        self._calls[call.session.id] = call
        self._connect(call)

    def _connect(self, call: Call) -> None:
        assert self._loop is not None
        if call.over:
            return
        task = self._loop.create_task(call.open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _reconnect(self, call: Call, wait_s: float) -> None:
        assert self._loop is not None
        self._loop.call_later(wait_s, self._connect, call)

    def _ready(self, call: Call, stream: FrameStream[Call]) -> None:
        assert call.session.due_ns is not None
        assert self._loop is not None
        if call.impairment is not None:
            call.impairment.begin(self._loop, call.session.due_ns)
        self._frames.add(stream, call.session.due_ns)
        # The set-up's own traffic would be in the round trip of an earlier one.
        self._loop.call_later(_FIRST_PING_S, self._ping, stream)

    def _ping(self, stream: FrameStream[Call]) -> None:
        assert self._loop is not None
        if stream.owner.stream is stream:
            stream.owner.ping()
            self._loop.call_later(_PING_EVERY_S, self._ping, stream)

    def _outcome(self, call: Call, outcome: Outcome) -> None:
        if outcome.session is not None:
            self._calls.pop(call.session.id, None)
            if call.impairment is not None:
                call.impairment.end()
        self._outcomes.append(outcome)

    def _in_turn(self, step: Callable[[Call], None], calls: Iterator[Call] | None = None) -> None:
        """Do something to every call, spread over rounds of the loop, which would stall else."""
        assert self._loop is not None
        rest = iter(tuple(self._calls.values())) if calls is None else calls
        if (call := next(rest, None)) is not None:
            self._loop.call_soon(self._in_turn, step, rest)
            step(call)

    def _hang_up_named(self, name: str, why: Fault) -> bool:
        """End the call that an application calls so; return whether there is one."""
        found = [call for call in self._calls.values() if call.name == name and not call.over]
        for call in found:
            call.hang_up(why)
        return bool(found)

    def _of_call(self, session: Caller, step: Callable[[Call], None]) -> None:
        """Do something to the call of a session, while it goes on."""
        call = self._calls.get(session.id)
        if call is not None and not call.over:
            step(call)

    def _forget(self) -> None:
        self._hand_over()
        self._measured.clear()
        # Lag from before this moment is not part of the run either.
        self._beat_ns = now_ns() + _HEARTBEAT_NS
        self._heart.arm(self._beat_ns)

    def _hand_over(self) -> None:
        self._measured.append((self._frames.take_lateness(), self._lag))
        self._lag = Histogram()

    def _hand_over_again(self) -> None:
        assert self._loop is not None
        self._hand_over()
        for priority in tuple(self._priorities):
            priority.review()
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


def _say(saying: Saying, call: Call) -> None:
    call.say(saying)


def _worked_out(call_id: str, output: str, end: ToolEnd, call: Call) -> None:
    call.session.tool_worked_out(call_id, output, end)


def _hang_up(why: Fault, call: Call) -> None:
    call.hang_up(why)


def _wind_up(call: Call) -> None:
    call.session.wind_up()
    if call.session.finished:
        call.hang_up()


def _cut_off(call: Call) -> None:
    call.hang_up(run_ended(call.session.phase()))
