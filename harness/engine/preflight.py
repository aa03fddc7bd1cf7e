"""One session opened and closed before any load: a target that refuses is known at once.

So is one that refuses the session's settings, or confirms others than the user asked for.
"""

import asyncio
from dataclasses import dataclass, replace

from harness.dialects import MalformedMessage
from harness.dialects.session_comparison import difference_words
from harness.engine.call import CONFIGURE_AFTER_S, is_full, new_identity, no_session
from harness.engine.ephemeral_key import MINT_FULL, NOT_MINTED, mint
from harness.engine.incoming_call import NO_STREAM, QUEUED, follow
from harness.engine.route import Route
from harness.environment import LOOPBACK
from harness.errors import BadInput, Fault, Party, Phase
from harness.model import (
    PROVES_SESSION,
    Event,
    ProviderError,
    SessionConfigured,
    SessionCreated,
    SettingAnswer,
    StampBound,
)
from harness.session import Acknowledgement
from harness.transport import Connection, connect, ready_message

_LEAVE_LIMIT_S = 3.0
# Many servers free the slot of a session a moment after they have closed its connection; calls
# that come too early all the same are refused, named and tried again.
_SLOT_PAUSE_S = 0.25
_FIRST_WAIT_S = 0.5
# So much of a message that opens no session is shown.
_SHOWN_BYTES = 120
_MESSAGES_CAME = "messages came that open none"
_FULL_CODES = ("http_429", MINT_FULL, "close_1008", "close_1013")
# After an error event, a session that exists all the same is announced within this time.
_GRACE_S = 0.5
# A server that confirms settings does so within a round trip or two.
_ACKNOWLEDGE_LIMIT_S = 3.0
_SETTINGS_REFUSED, _SETTINGS_DIFFER = "settings_refused", "settings_differ"
_KEY_CODES = ("http_401", "http_403", "close_3000")


@dataclass(frozen=True, slots=True)
class Visit:
    """What one session said before the run.

    Attributes:
        fault: Why there was none, or why its settings did not take hold.
        acknowledged: Whether the server confirmed settings; `None` where it never does.
        answers: The user's own settings, and what was confirmed of them.
    """

    fault: Fault | None
    acknowledged: bool | None = None
    answers: tuple[SettingAnswer, ...] = ()

    @property
    def is_of_settings(self) -> bool:
        """Whether a session exists, and only its settings did not take hold."""
        codes = (_SETTINGS_REFUSED, _SETTINGS_DIFFER)
        return self.fault is not None and self.fault.code in codes


class _Visitor:
    """A `transport.Receiver` that waits for a session and then leaves.

    Attributes:
        answer: Why there is no session, once that is known.
        settled: The server has confirmed the settings, or refused them.
        said: What it said of them.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self.said = Acknowledgement()
        self.configured: SessionConfigured | None = None
        self.words = route.dialect.open(new_identity())
        self._connection: Connection | None = None
        self._upgraded, self._messages, self._first = False, 0, b""
        self._error: ProviderError | None = None
        self.close_code: int | None = None
        self.gone_fault: Fault | None = None
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Fault | None] = loop.create_future()
        self.left: asyncio.Future[None] = loop.create_future()
        self.settled = asyncio.Event()

    def upgraded(self, at_ns: int) -> None:
        """Keep waiting: an upgrade proves a session only where servers do not announce one."""
        self._upgraded = True
        self.greet()

    def greet(self, connection: Connection | None = None) -> None:
        """Send what opens a session, once the connection is known and upgraded."""
        self._connection = connection or self._connection
        if self._connection is None or not self._upgraded:
            return
        _say(self._connection, self.words.opening())
        if self._route.dialect.facts.configures_first:
            _configure(self._connection, self._route)
        if not self._route.dialect.facts.announces_session:
            self.take(SessionCreated())

    def message(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        self._messages += 1
        self._first = self._first or bytes(data[:_SHOWN_BYTES])
        try:
            events = self.words.parse(data)
        except MalformedMessage:
            return
        for event in events:
            self.take(event)

    def no_session(self, limit_s: float) -> Fault:
        """Return the fault of a server that opened no session in time, with what it did say."""
        fault = no_session(limit_s)
        if self._messages:
            first = self._first.decode(errors="replace")
            words = f"{self._messages} {_MESSAGES_CAME}, the first: {first}"
        elif self._upgraded:
            words = "the upgrade was accepted, and no message came"
        else:
            words = "the upgrade was not answered"
        return replace(fault, detail=f"{fault.detail}: {words}")

    def take(self, event: Event) -> None:
        """Check whether an event proves a session, or refuses one, or its settings."""
        self.said.note(event, just_configured=True)
        if isinstance(event, SessionConfigured):
            self.configured = event
            self.settled.set()
        elif self.said.refused:
            self.settled.set()
        if isinstance(event, PROVES_SESSION):
            self._settle(None)
        elif isinstance(event, ProviderError) and self._error is None:
            self._error = event
            words = f"{event.code}: {event.detail}".removeprefix(": ")
            fault = Fault(Party.THEIRS, Phase.SETUP, "session_refused", words)
            asyncio.get_running_loop().call_later(_GRACE_S, self._settle, fault)

    def pong(self, round_trip_ns: int) -> None:
        """Never asked for."""

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        if fault is not None and self._error is not None:
            words = f"{self._error.code}: {self._error.detail}"
            fault = Fault(fault.party, fault.phase, fault.code, words)
        self.close_code, self.gone_fault = close_code, fault
        self._settle(fault)
        self.settled.set()
        self.left.set_result(None)

    def _settle(self, fault: Fault | None) -> None:
        if not self.answer.done():
            self.answer.set_result(fault)


async def try_session(route: Route) -> Fault | None:
    """Open a session and close it again, so that its slot is free for the first call.

    It returns when the server has closed the connection too. A server that is full is tried
    again, as calls do.

    Returns:
        `None` when the server said that a session exists, else why there is none.
    """
    return (await _try(route, configure=False)).fault


async def visit(route: Route) -> Visit:
    """Open a session as `try_session` does, and see what the server says to its settings.

    A server that says nothing to them within a few seconds is not waited for any longer.
    """
    return await _try(route, configure=True)


async def _try(route: Route, *, configure: bool) -> Visit:
    for attempt in range(route.refusal_retries + 1):
        found, code = await _try_once(route, configure=configure)
        if found.fault is None or found.is_of_settings:
            await asyncio.sleep(_SLOT_PAUSE_S)
            return found
        if not is_full(code, found.fault):
            return found
        if attempt < route.refusal_retries:
            await asyncio.sleep(_FIRST_WAIT_S * 2**attempt)
    return found


async def _try_once(route: Route, *, configure: bool) -> tuple[Visit, int | None]:
    """Open a session once; return what it said, and the code it was closed with."""
    visitor = _Visitor(route)
    if route.webhook is not None:
        answered = await follow(route, route.webhook, visitor.words)
        if isinstance(answered, Fault):
            return Visit(answered), None
        route = answered
    if route.minting is not None:
        minted = await mint(route, route.minting)
        if isinstance(minted, Fault):
            return Visit(minted), None
        route = minted
    made = await connect(
        route.target,
        route.headers,
        visitor,
        limit_s=route.setup_limit_s,
        via=route.via,
        tunnel=route.tunnel,
        proxy_authorization=route.proxy_authorization,
        tls=route.tls,
    )
    if isinstance(made, Fault):
        return Visit(made), None
    connection, _ = made
    visitor.greet(connection)
    early = asyncio.get_running_loop().call_later(
        CONFIGURE_AFTER_S, _configure_late, connection, route
    )
    try:
        async with asyncio.timeout(route.setup_limit_s):
            fault = await visitor.answer
        early.cancel()
        if fault is not None or not configure:
            return Visit(fault), visitor.close_code
        return await _settings_of(visitor, connection, route), visitor.close_code
    except TimeoutError:
        return Visit(visitor.no_session(route.setup_limit_s)), None
    finally:
        early.cancel()
        _say(connection, visitor.words.closing())
        connection.close(await_server=True)
        await asyncio.wait([visitor.left], timeout=_LEAVE_LIMIT_S)


async def _settings_of(visitor: _Visitor, connection: Connection, route: Route) -> Visit:
    """Configure a session that exists, and return what the server says to it."""
    if not route.dialect.facts.acknowledges_settings:
        return Visit(None)
    if visitor.configured is None and not visitor.left.done():
        _configure(connection, route)
    try:
        async with asyncio.timeout(_ACKNOWLEDGE_LIMIT_S):
            await visitor.settled.wait()
    except TimeoutError:
        return Visit(None, acknowledged=False)
    configured = visitor.configured
    if configured is None and not visitor.said.refused:
        # It closed the connection on the settings, without a word.
        fault = visitor.gone_fault
        words = "the connection was closed on the settings" if fault is None else str(fault)
        return Visit(_of_settings(_SETTINGS_REFUSED, words), acknowledged=False)
    if configured is None:
        return Visit(_of_settings(_SETTINGS_REFUSED, visitor.said.refused), acknowledged=False)
    answers = route.dialect.answers(route.settings, configured)
    if any(row.differs for row in answers):
        words = "; ".join(difference_words(row) for row in answers if row.differs)
        return Visit(_of_settings(_SETTINGS_DIFFER, words), True, answers)
    return Visit(None, True, answers)


def _of_settings(code: str, words: str) -> Fault:
    return Fault(Party.THEIRS, Phase.SETUP, code, words)


def _configure_late(connection: Connection, route: Route) -> None:
    """Configure a session that has not been announced: some exist only after that."""
    if not route.dialect.facts.configures_first:
        _configure(connection, route)


def _configure(connection: Connection, route: Route) -> None:
    _say(connection, route.dialect.configure(route.settings))


def _say(connection: Connection, messages: list[bytes]) -> None:
    for message in messages:
        connection.write(ready_message(message))


def refusal(route: Route, fault: Fault) -> BadInput:
    """Return the error that tells a person why the target cannot be loaded."""
    where = route.address
    if route.webhook is not None and (not_called := _not_called(route, fault, where)):
        return not_called
    if fault.code == NOT_MINTED or (
        fault.code.startswith("mint_") and fault.code not in _FULL_CODES
    ):
        hint = "Check the key, and that the API makes such keys; else leave out --ephemeral-keys"
        return BadInput(fault.detail, where=where, hint=hint)
    if route.minting is not None and fault.code in _KEY_CODES:
        hint = "Sessions of this API may have to be opened without --ephemeral-keys"
        return BadInput(
            f"the target refused its own ephemeral key ({fault})", where=where, hint=hint
        )
    if fault.code in _KEY_CODES:
        return _key_refused(route, fault, where)
    if fault.code in ("proxy_refused", "no_proxy"):
        return _no_way_through_proxy(fault, where)
    if fault.code in _FULL_CODES:
        tried = route.refusal_retries + 1
        hint = "Wait for other sessions to end, or try more often with --refusal-retries"
        return BadInput(f"the target refused {tried} times ({fault})", where=where, hint=hint)
    if fault.code == "no_session":
        hint = "A server that starts cold may need more time: --setup-limit-s"
        if _MESSAGES_CAME in fault.detail:
            hint = f"Check --dialect, here {route.dialect.name}, and the address"
        return BadInput(f"the target opened no session ({fault})", where=where, hint=hint)
    if fault.code in (_SETTINGS_REFUSED, _SETTINGS_DIFFER):
        return _settings_refused(fault, where)
    if fault.code == "tls":
        hint = "Name the authority that signed its certificate with --ca FILE"
        return BadInput(
            f"the target's certificate is not trusted ({fault})", where=where, hint=hint
        )
    if fault.phase is Phase.CONNECT and fault.party is Party.NETWORK:
        hint = "Check the address, and that a server listens there"
        return BadInput(f"the target cannot be reached ({fault})", where=where, hint=hint)
    hint = f"Check address and model, and that the dialect {route.dialect.name} is spoken there"
    return BadInput(f"the target opened no session ({fault})", where=where, hint=hint)


def _no_way_through_proxy(fault: Fault, where: str) -> BadInput:
    if fault.code == "no_proxy":
        hint = "Check HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or exempt the target by NO_PROXY"
        return BadInput(f"the proxy cannot be reached ({fault})", where=where, hint=hint)
    hint = "A proxy's user and password go into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"
    return BadInput(f"the proxy opened no connection ({fault})", where=where, hint=hint)


def _not_called(route: Route, fault: Fault, where: str) -> BadInput | None:
    """Return the error for a webhook, or the creation of a call, that led to no socket."""
    creates = route.dialect.facts.creates_calls
    words = fault.detail
    if fault.code == QUEUED:
        hint = "Wait for other calls to end, or have the vendor raise the limit of calls at once"
    elif fault.code == NO_STREAM and creates:
        hint = "Check that calls are created at this address"
    elif fault.code == NO_STREAM:
        hint = "Answer the webhook with <Response><Connect><Stream url=…/></Connect></Response>"
    elif creates and fault.code in ("http_400", "http_404"):
        words = f"no call was created: {words}"
        hint = "Check the address, and the agent that --session asks for"
    elif not creates and fault.code.startswith("http_"):
        words = f"the webhook answered {words}"
        hint = "Check the address; a refused signature wants the token of that application"
    else:
        return None
    return BadInput(words, where=where, hint=hint)


def _settings_refused(fault: Fault, where: str) -> BadInput:
    hint = "Change the session, or run with what the server has by --allow-differences"
    if fault.code == _SETTINGS_REFUSED:
        return BadInput(
            f"the target refused the session's settings ({fault.detail})", where=where, hint=hint
        )
    words = f"the target confirmed other settings than it was asked for ({fault.detail})"
    return BadInput(words, where=where, hint=hint)


def _key_refused(route: Route, fault: Fault, where: str) -> BadInput:
    """Return the error for a refused key: none was sent, it was sent otherwise, or it is wrong."""
    always = route.dialect.headers(None, "")
    name, value = ([pair for pair in route.headers if pair not in always] or [("", "")])[-1]
    if not name:
        usual = " or ".join(route.dialect.facts.key_variables) or "a variable for --key-variable"
        hint = f"Set the API's key in {usual}"
        if not (route.target.secure or route.target.host in LOOPBACK):
            hint = "A key is sent over wss or to this machine only"
        return BadInput(
            f"the target wants a key, and none was sent ({fault})", where=where, hint=hint
        )
    scheme, space, _ = value.partition(" ")
    how = f"{name}: {scheme}" if space else name
    hint = "Check the key; --key-header NAME, such as api-key, sends it in another header"
    return BadInput(f"the target refused the key, sent as {how} ({fault})", where=where, hint=hint)
