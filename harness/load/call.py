"""One call on the engine's loop: a session, its dialect and its connection, joined."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from harness.clock import now_ns
from harness.dialects import Dialect, MalformedMessage, SessionSettings
from harness.errors import Fault, Party, Phase
from harness.model import SessionCreated, SessionRecord, TurnRecord
from harness.session import Session
from harness.transport import Connection, Target, connect, ready_message

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a session reaches the API.

    Attributes:
        target: Address as the server sees it.
        headers: Extra headers of the upgrade, the key among them.
        dialect: The API's words.
        settings: What the session asks for.
        via: Host and port of a proxy on the way, `None` for none.
    """

    target: Target
    headers: tuple[tuple[str, str], ...]
    dialect: Dialect
    settings: SessionSettings
    via: tuple[str, int] | None = None

    def __repr__(self) -> str:
        """Leave the headers out: one of them is the key."""
        return f"Route({self.target.host}:{self.target.port}, via={self.via})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call has to say; `session` is there when it is over."""

    turns: list[TurnRecord]
    session: SessionRecord | None = None


class Call:
    """One session in flight; a `transport.Receiver`.

    Args:
        session: What the caller does.
        route: How it reaches the API.
        began: Called once when the session exists and its frames are due.
        tell: Called with every outcome.
    """

    def __init__(
        self,
        session: Session,
        route: Route,
        *,
        began: Callable[["Call"], None],
        tell: Callable[["Call", Outcome], None],
    ) -> None:
        self.session = session
        self.over = False
        self._route = route
        self._began, self._tell = began, tell
        self._connection: Connection | None = None
        self._verdict: Fault | None = None

    @property
    def given_up(self) -> bool:
        """Whether we are closing the session before it was finished."""
        return self._verdict is not None

    async def open(self) -> None:
        """Connect; everything after that happens in callbacks."""
        self.session.opening(now_ns())
        route = self._route
        made = await connect(route.target, route.headers, self, via=route.via)
        if isinstance(made, Fault):
            self.gone(now_ns(), None, made)
            return
        self._connection = made
        if self._verdict is not None:
            made.close()
        elif self.session.ready:
            # A quick server's first message is read before this coroutine has its turn.
            self._begin(made)

    def tick(self, at_ns: int) -> int:
        """Send the due frame and return its lateness in nanoseconds."""
        assert self._connection is not None
        message, lateness_ns = self.session.tick(at_ns)
        self._connection.write(message)
        if self.session.has_turns:
            self._tell(self, Outcome(self.session.take_turns()))
        if self.session.finished:
            self._connection.close()
        return lateness_ns

    def hang_up(self, why: Fault | None = None) -> None:
        """Close the connection; `why` is told if the session was not finished."""
        self._verdict = why
        if self._connection is not None:
            self._connection.close()

    def crashed(self, error: Exception) -> None:
        """Give up a session that met a bug of ours; the others never notice."""
        _log.error("%s crashed", self.session.id, exc_info=error)
        words = f"{type(error).__name__}: {error}"
        self.hang_up(Fault(Party.OURS, self.session.phase(), "crash", words))

    def upgraded(self, at_ns: int) -> None:
        """Note the accepted upgrade."""
        self.session.connected(at_ns)

    def message(self, data: bytes, at_ns: int) -> None:
        """Parse one message and hand it to the session."""
        if self.over:
            return
        try:
            event = self._route.dialect.parse(data)
        except MalformedMessage:
            # A message nobody can read is not the end of a session, as an error event is not.
            return
        first = isinstance(event, SessionCreated) and not self.session.ready
        try:
            self.session.receive(event, at_ns)
        except Exception as error:
            self.crashed(error)
            return
        if first and self._connection is not None:
            self._begin(self._connection)

    def _begin(self, connection: Connection) -> None:
        for message in self._route.dialect.configure(self._route.settings):
            connection.write(ready_message(message))
        self._began(self)

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        """Write the session down, once."""
        if self.over:
            return
        self.over = True
        fault = fault if self._verdict is None else self._verdict
        if fault is not None and fault.phase is Phase.CLOSE:
            fault = Fault(fault.party, self.session.phase(), fault.code, fault.detail)
        record = self.session.closed(at_ns, fault, close_code)
        self._tell(self, Outcome(self.session.take_turns(), record))


def no_session(limit_s: float) -> Fault:
    """Return the fault of a server that accepted the upgrade and then said nothing."""
    return Fault(Party.THEIRS, Phase.SETUP, "no_session", f"no session within {limit_s:g} s")


def stopped(phase: Phase) -> Fault:
    """Return the fault of a call that the end of the run cut off."""
    return Fault(Party.OURS, phase, "stopped", "the run ended")
