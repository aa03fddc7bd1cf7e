"""One call on the engine's loop: a session, its dialect and its connection, joined."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from harness.clock import now_ns
from harness.dialects import MalformedMessage, Role
from harness.engine.carrier_playback import CarrierPlayback
from harness.engine.congestion import SEND_BUFFER_BYTES, Congestion
from harness.engine.ephemeral_key import MINT_FULL, mint
from harness.engine.frame_stream import FrameStream
from harness.engine.incoming_call import follow
from harness.engine.route import Route
from harness.engine.shared_frames import frame_writer
from harness.errors import Fault, Party, Phase
from harness.model import (
    EXACT,
    PROVES_SESSION,
    CallEnded,
    CarrierAccount,
    CommitTurn,
    Event,
    Notice,
    Owed,
    SessionConfigured,
    SessionCreated,
    SessionRecord,
    StampBound,
    ToolCall,
    TurnRecord,
)
from harness.network import Impairment
from harness.session import Caller, HeardSoFar, Saying, ended_by_agent, is_retryable, stated_formats
from harness.transport import Connection, connect, ready_message

# Some servers open a session only once it has been configured. OpenAI's announces it within a
# second; configuring it earlier would change what most servers see.
CONFIGURE_AFTER_S = 2.0

# The first messages show which event names a server uses; later ones are not examined.
_NAMES_LOOKED_AT = 100

_log = logging.getLogger(__name__)
# Policy violation is what servers with a limit of sessions close with; 1013 is "try again later".
_NO_ROOM = (1008, 1013)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call has recorded; `session` is set when the call is over.

    Attributes:
        session_id: Whose it is.
        turns: Turns that have ended.
        session: The call, once it is over.
        heard: What was heard in these turns, of a call that goes on as its scenario decides.
        tool_calls: Calls of tools whose result the scenario's code has to say.
        vendor_calls: Where the session is over and the vendor tells of calls: its names for those
            that were created for it. Who has one may be able to listen: they reach no file.
    """

    session_id: str
    turns: list[TurnRecord]
    session: SessionRecord | None = None
    heard: list[HeardSoFar] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    vendor_calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvents:
    """What a call reports to the engine that holds it.

    Attributes:
        ready: The session exists and its frames are due.
        reconnect: The connection is to be opened again after so many seconds.
        outcome: There is an outcome.
        message_done: A message has been handled; others may be waiting.
    """

    ready: Callable[["Call", FrameStream["Call"]], None]
    reconnect: Callable[["Call", float], None]
    outcome: Callable[["Call", Outcome], None]
    message_done: Callable[[], None]


class Call:
    """One session in flight; a `transport.Receiver`.

    Args:
        session: What the caller does.
        route: How it reaches the API.
        events: What the engine does when something happens.
        listener: Receives every event of the server, `None` for nobody.

    Attributes:
        stream: Its frames on the present connection, `None` while there is no session.
    """

    def __init__(
        self,
        session: Caller,
        route: Route,
        events: CallEvents,
        listener: Callable[[Event], None] | None = None,
    ) -> None:
        self.session = session
        self.over = False
        self.stream: FrameStream[Call] | None = None
        self._route, self._events = route, events
        self._connection: Connection | None = None
        self._verdict: Fault | None = None
        self._listener = listener
        self._words = route.dialect.open(new_identity())
        self._playback: CarrierPlayback | None = None
        self._congestion: Congestion | None = None
        carries = route.dialect.facts.role is Role.CARRIER
        self._account = CarrierAccount() if carries else None
        self._acknowledged = self._upgraded = False
        self._stated: SessionConfigured | None = None
        self._openings = 0
        self._vendor_calls: list[str] = []
        self._names_to_look_at = _NAMES_LOOKED_AT

    @property
    def name(self) -> str:
        """What an application calls it over a carrier's REST API, empty for none."""
        return self._words.call_name

    @property
    def impairment(self) -> Impairment | None:
        """What the network does to this session beyond its delay, `None` for nothing."""
        return self._route.impairment

    async def open(self) -> None:
        """Connect; everything after that happens in callbacks. No exception leaves it."""
        try:
            await self._open()
        except Exception as error:
            self.crashed(error)

    async def _open(self) -> None:
        self.session.link.opening(now_ns())
        route, loop = self._route, asyncio.get_running_loop()
        if self._openings:
            self._words = route.dialect.open(new_identity())
        self._openings, self._upgraded = self._openings + 1, False
        loop.call_later(route.setup_limit_s, self._expect_session, self._openings)
        if route.webhook is not None:
            answered = await follow(route, route.webhook, self._words)
            if isinstance(answered, Fault):
                self.gone(now_ns(), None, answered)
                return
            self.session.link.answered(now_ns())
            route = answered
            if route.dialect.facts.reads_account is not None and self._words.call_name:
                self._vendor_calls.append(self._words.call_name)
        if route.minting is not None:
            minted = await mint(route, route.minting)
            if isinstance(minted, Fault):
                self.gone(now_ns(), None, minted)
                return
            self.session.link.minted(now_ns())
            route = minted
        made = await connect(
            route.target,
            route.headers,
            self,
            limit_s=route.setup_limit_s,
            via=route.via,
            tunnel=route.tunnel,
            proxy_authorization=route.proxy_authorization,
            tls=route.tls,
            send_buffer_bytes=None if self._account is None else SEND_BUFFER_BYTES,
        )
        if isinstance(made, Fault):
            self.gone(now_ns(), None, made)
            return
        connection, stages = made
        if self.over:
            connection.close()
            return
        self._connection, self._acknowledged, self._stated = connection, False, None
        loop.call_later(CONFIGURE_AFTER_S, self._configure_early, connection)
        self.session.link.established(stages.reached_ns, stages.secured_ns)
        if self.session.ready:
            # A quick server's first message is read before this coroutine has its turn.
            self._begin(connection)
        self._greet()

    def _greet(self) -> None:
        """Send what opens a session; where the server does not announce it, it exists from then on.

        Not before the server has accepted the upgrade: many servers drop data that comes with the
        request.
        """
        connection, facts = self._connection, self._route.dialect.facts
        if connection is None or not self._upgraded:
            return
        self._say(connection, self._words.opening())
        if facts.configures_first:
            self._configure(connection)
        if facts.marks_playback:
            say = partial(self._say, connection)
            self._playback = CarrierPlayback(self._route.dialect, self._words, say)
        if not facts.announces_session and not self.session.ready:
            self._take_event(SessionCreated(self._words.identifier), now_ns(), EXACT)

    def _expect_session(self, opening: int) -> None:
        """Give up a connection on which no session exists in time.

        One that is not open by now has reached the same limit, and `connect` says where.
        """
        if opening != self._openings or self._connection is None or self.session.ready:
            return
        self.hang_up(no_session(self._route.setup_limit_s))

    def tick(self, at_ns: int) -> int:
        """Send the due frame, asking the session, and return its lateness in nanoseconds."""
        assert self._connection is not None
        assert self.stream is not None
        message, lateness_ns = self.session.tick(at_ns)
        self.stream.write(message)
        self.session.left(lateness_ns + now_ns() - at_ns)
        if self.session.has_news:
            self._relay(self._connection)
        if self.session.finished:
            self._end_stream()
            self._leave(self._connection)
        return lateness_ns

    def say(self, saying: Saying) -> None:
        """Say one more thing, in a call that is told what to say."""
        self.session.say(saying)

    def say_no_more(self) -> None:
        """Hang up once the last response has been heard."""
        self.session.say_no_more()
        if self.session.finished:
            self.hang_up()

    def ping(self) -> None:
        """Send a ping."""
        if self._connection is not None:
            self._connection.ping()

    def hang_up(self, why: Fault | None = None) -> None:
        """Close the connection; `why` is recorded if the session was not finished."""
        self._verdict = why
        self._end_stream()
        if self._connection is not None:
            self._leave(self._connection)
        else:
            self.gone(now_ns(), None, why)

    def _leave(self, connection: Connection) -> None:
        self._say(connection, self._words.closing())
        connection.close()

    def crashed(self, error: Exception) -> None:
        """Give up a session that met a bug of ours; other sessions are not affected."""
        _log.error("%s crashed", self.session.id, exc_info=error)
        words = f"{type(error).__name__}: {error}"
        self.hang_up(Fault(Party.OURS, self.session.phase(), "crash", words))

    def upgraded(self, at_ns: int) -> None:
        """Note the accepted upgrade."""
        self.session.link.upgraded(at_ns)
        self._upgraded = True
        self._greet()

    def pong(self, round_trip_ns: int) -> None:
        """Record a round-trip time."""
        self.session.link.pong(round_trip_ns)

    def message(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        """Parse one message and hand it to the session; then let frames of others leave."""
        if not self.over:
            self._take(data, at_ns, bound)
        self._events.message_done()

    def _take(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        try:
            events = self._words.parse(data)
        except MalformedMessage:
            # A message that cannot be parsed does not end a session, as an error event does not.
            self.session.unreadable_messages += 1
            return
        if self._names_to_look_at:
            self._names_to_look_at -= 1
            if name := self._route.dialect.old_name(data):
                self.session.old_names |= {name}
        for event in events:
            if isinstance(event, Owed):
                if self._connection is not None:
                    self._say(self._connection, [event.message])
            else:
                self._take_event(event, at_ns, bound)

    def _take_event(self, event: Event, at_ns: int, bound: StampBound) -> None:
        first = not self.session.ready and isinstance(event, PROVES_SESSION)
        if self._playback is not None:
            self._playback.receive(event, at_ns)
        elif self._account is not None and isinstance(event, Notice):
            self._account += CarrierAccount(commands=1)
        if self._listener is not None:
            self._listener(event)
        self._acknowledged = self._acknowledged or isinstance(event, SessionConfigured)
        if (stated := stated_formats(event)) is not None:
            self._stated = stated.after(self._stated)
            words = self._route.dialect.differences(self._route.settings, self._stated)
            self.session.differs = words
        if isinstance(event, CallEnded) and not self.session.ready:
            self.hang_up(ended_by_agent(event))
            return
        try:
            self.session.receive(event, at_ns, bound)
        except Exception as error:
            self.crashed(error)
            return
        if first and self._connection is not None:
            self._begin(self._connection)
        if self.session.has_news and self._connection is not None:
            self._relay(self._connection)

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        """Reconnect after a retryable close, or record the session, once."""
        if self.over:
            return
        self._connection = None
        self._end_stream()
        fault = fault if self._verdict is None else self._verdict
        if fault is not None and fault.phase is Phase.CLOSE:
            fault = Fault(fault.party, self.session.phase(), fault.code, fault.detail)
        if fault is not None and self._verdict is None and is_retryable(close_code):
            wait_s = self.session.lost(at_ns, fault)
            if wait_s is not None:
                self._report()
                self._events.reconnect(self, wait_s)
                return
        if fault is not None and self._verdict is None and self._retry_refused(close_code, fault):
            return
        self.over = True
        record = self.session.closed(at_ns, fault, close_code)
        self._report(record if self._account is None else replace(record, carrier=self._account))

    def _retry_refused(self, close_code: int | None, fault: Fault) -> bool:
        """Open a session again, a little later, that was refused because the server is full."""
        if self.session.link.ready_ns is not None or not is_full(close_code, fault):
            return False
        link = self.session.link
        link.refusals += 1
        wait_s = link.backoff_s()
        if wait_s is None or link.refusals > self._route.refusal_retries:
            return False
        _log.warning("%s was refused and tries again (%s)", self.session.id, fault)
        self._events.reconnect(self, wait_s)
        return True

    def _relay(self, connection: Connection) -> None:
        """Send what the session requests besides audio, and report turns that have ended."""
        for request in self.session.take_requests():
            self._say(connection, self._words.request(request))
            if isinstance(request, CommitTurn):
                self.session.conversation.prompted(now_ns())
        if self.session.has_news:
            self._report()

    def _report(self, record: SessionRecord | None = None) -> None:
        session = self.session
        asked = [] if session.tools is None else session.tools.take_to_work_out()
        turns, heard = session.take_turns(), session.conversation.take_heard()
        if self._congestion is not None:
            turns = self._congestion.explained(turns)
        created = () if record is None else tuple(self._vendor_calls)
        self._events.outcome(self, Outcome(session.id, turns, record, heard, asked, created))

    def _configure_early(self, connection: Connection) -> None:
        """Configure a session that has not been announced: some exist only after that."""
        first = self._route.dialect.facts.configures_first
        if self._connection is connection and not self.session.ready and not first:
            self._configure(connection)

    def _configure(self, connection: Connection) -> None:
        self._say(connection, self._route.dialect.configure(self._route.settings))

    def _say(self, connection: Connection, messages: list[bytes]) -> None:
        for message in messages:
            connection.write(ready_message(message))

    def _begin(self, connection: Connection) -> None:
        if not self._acknowledged:
            self._configure(connection)
        pacing = self.session.pacing
        write = connection.sender()
        if self._account is not None and not self._route.dialect.facts.in_text:
            facts = self._route.dialect.facts
            self._congestion = Congestion(connection.outlet(), facts.frame_ms)
            write = self._congestion.write
        write = frame_writer(self._route.dialect, self._words, write)
        self.stream = FrameStream(self, pacing.ahead, write, pacing.frame_ns)
        self._events.ready(self, self.stream)

    def _end_stream(self) -> None:
        if self._account is not None and self._congestion is not None:
            dropped = CarrierAccount(frames_dropped=self._congestion.take_dropped())
            self._account += dropped
        if self._playback is not None:
            self._playback.end()
            if self._account is not None:
                self._account += self._playback.account
            self._playback = None
        if self.stream is not None:
            self.stream.end()
            self.stream = None


def new_identity() -> str:
    """Return what tells a session from all others there are: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_full(close_code: int | None, fault: Fault) -> bool:
    """Return whether a server refused a session because it is full."""
    return close_code in _NO_ROOM or fault.code in ("http_429", MINT_FULL)


def no_session(limit_s: float) -> Fault:
    """Return the fault of a server that accepted the upgrade and then sent nothing."""
    return Fault(Party.THEIRS, Phase.SETUP, "no_session", f"no session within {limit_s:g} s")
