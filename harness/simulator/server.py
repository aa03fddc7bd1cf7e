"""The simulator: listens, numbers its sessions and keeps what they share."""

import asyncio
import contextlib
import errno
import gc
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np
from websockets.http11 import Request

from harness.errors import BadInput, sanitised
from harness.model import NS_PER_S, TruthRecord
from harness.simulator.carrier.application import CarrierApplication
from harness.simulator.carrier.words import CARRIERS
from harness.simulator.chance.draws import Draws
from harness.simulator.protocol.session import Session
from harness.simulator.protocol.session_limits import Link, ServedSession, SessionLimits
from harness.simulator.settings import SimulatorConfig
from harness.simulator.timing.call_load import Admission, CallLoad
from harness.simulator.timing.capacity import Capacity
from harness.simulator.timing.deadlines import Deadlines
from harness.simulator.truth import TruthLog
from harness.simulator.vendors.lookalikes import SERVICES
from harness.simulator.vendors.registry import VENDORS
from harness.simulator.vendors.vapi_call import VapiCalls
from harness.simulator.voice import recorder
from harness.simulator.voice.recognising import Recogniser
from harness.simulator.voice.sound_formats import PCM
from harness.simulator.voice.spoken_answers import SpokenAnswers
from harness.simulator.wire import plain_http
from harness.simulator.wire.connection import MOST_UNREAD_BYTES, Connection
from harness.simulator.wire.encryption import encrypted_by
from harness.simulator.wire.stamped_listener import StampedListener, StampedTransport
from harness.simulator.wire.upgrade import (
    PATHS,
    Admitted,
    RefusedByHttp,
    UpgradeDecision,
    examine,
    presented_key,
)

_GOODBYE_S = 1.0
_BACKLOG = 1024


class Simulator:
    """A Realtime server on a socket.

    Args:
        config: Its settings.

    Example:
        >>> simulator = Simulator(SimulatorConfig())
        >>> port = await simulator.start()  # doctest: +SKIP
        >>> await simulator.stop()  # doctest: +SKIP
    """

    deadlines: Deadlines

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self.ping_interval_ns = round(config.ping_interval_s * NS_PER_S)
        self._spoken = SpokenAnswers(
            config.seed, config.responses, config.answers, config.delta_sizes
        )
        # Identifiers are unique over all runs, so that truth logs can be put together.
        self._run_tag = secrets.token_hex(4)
        self._sessions_begun = self._agents_begun = 0
        self._secrets, self._calls = plain_http.Secrets(), VapiCalls()
        self._connections: set[Connection] = set()
        self._all_gone = asyncio.Event()
        self._server: asyncio.Server | StampedListener | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            BadInput: The address cannot be listened on, or the truth log not written.
        """
        loop = asyncio.get_running_loop()
        encryption = encrypted_by(self._config.certificate, self._config.private_key)
        if self._config.heard is not None:
            recorder.prepare(self._config.heard)
        self._spoken.get(0, PCM)  # made before the first session needs them
        self._truth = TruthLog(self._config.truth)
        self._limits = self._treat(self._truth)
        self.deadlines = Deadlines(loop)
        host, port = self._config.host, self._config.port
        try:
            if encryption is None:
                listener = StampedListener(self._accept)
                await listener.start(host, port, _BACKLOG)
                self._server = listener
                return listener.port
            self._server = await loop.create_server(
                lambda: Connection(self), host, port, backlog=_BACKLOG, ssl=encryption
            )
        except OSError as error:
            self._truth.close()
            raise _cannot_listen(host, port, error) from error
        return int(self._server.sockets[0].getsockname()[1])

    def _accept(self, sock: socket.socket) -> None:
        transport, connection = StampedTransport(sock, MOST_UNREAD_BYTES), Connection(self)
        connection.connection_made(transport)
        transport.start(connection.received, connection)

    async def stop(self) -> None:
        """Say goodbye to every client and stop listening; harmless when not started."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in tuple(self._connections):
            connection.close(1001, "going away")
        self._all_gone.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), _GOODBYE_S)
        for connection in tuple(self._connections):
            connection.abort()
        if self._connections:
            await self._all_gone.wait()
        self.deadlines.close()
        self._truth.close()

    def _treat(self, truth: TruthLog) -> SessionLimits:
        config = self._config
        capacity: Admission | None = None
        if config.capacity is not None:
            capacity = Capacity(config.capacity, np.random.default_rng([config.seed, 0, 2]))
        if config.calls is not None:
            capacity = CallLoad(config.calls, lambda: len(self._connections), capacity)
        return SessionLimits(
            limit_s=config.session_limit_s,
            speed=config.speed,
            null=config.null,
            heard=config.heard,
            capacity=capacity,
            tell=truth.write,
        )

    # -- what connections ask for ---------------------------------------------------------------

    def examine(self, request: Request) -> UpgradeDecision:
        """Decide on a request for a session."""
        verdict = examine(
            request.path,
            request.headers,
            api_key=self._config.api_key,
            refuse_at_upgrade=self._config.refuse_at_upgrade,
            is_ephemeral=self._secrets.admits,
        )
        if isinstance(verdict, Admitted) and verdict.call and verdict.call not in self._calls:
            return RefusedByHttp(404, "No such call\n")
        minted = self._secrets.session(presented_key(request.headers))
        if not isinstance(verdict, Admitted) or minted is None:
            return verdict
        transcribes = minted["type"] == "transcription"
        return replace(verdict, minted=minted, transcribes=transcribes)

    def answer(self, request: plain_http.Request) -> bytes:
        """Answer a request that asks for no upgrade."""
        secure = self._config.certificate is not None
        return plain_http.answer(
            request, self._secrets, self._calls, self._config.api_key, secure=secure
        )

    def new_session(self, link: Link, admitted: Admitted) -> ServedSession:
        """Make a session for a client that was let in."""
        if admitted.carrier:
            return CarrierApplication(
                link,
                CARRIERS[admitted.carrier],
                lambda link, told: self._session_of(link, admitted, told),
            )
        if admitted.vendor:
            self._agents_begun += 1
            number = f"session-{self._run_tag}{self._agents_begun:05d}"
            return VENDORS[admitted.vendor](
                link,
                lambda link, told: self._session_of(link, admitted, told),
                self._calls.take(admitted.call) if admitted.call else number,
            )
        if admitted.words:
            return SERVICES[admitted.words](link, lambda link: self._session_of(link, admitted))
        return self._session_of(link, admitted)

    def _session_of(
        self,
        link: Link,
        admitted: Admitted,
        told: Callable[[TruthRecord], TruthRecord] | None = None,
    ) -> Session:
        """Make a session of the service; `told` puts its truth as a carrier's caller counts it."""
        limits = self._limits
        if told is not None:
            tell = limits.tell
            limits = replace(limits, tell=lambda truth: tell(told(truth)))
        number = self._sessions_begun
        self._sessions_begun += 1
        draws = Draws(
            seed=self._config.seed,
            session_number=number,
            preset=self._config.preset,
            answers=self._spoken,
            faults=self._config.faults,
            tools=self._config.tools,
        )
        tag, rule = f"{self._run_tag}{number:05d}", self._config.transcripts
        return Session(
            link,
            tag=tag,
            model=admitted.model,
            draws=draws,
            limits=limits,
            transcribes=admitted.transcribes,
            minted=admitted.minted or {},
            recogniser=None if rule is None else Recogniser(rule, self._config.seed, number),
        )

    def entered(self, connection: Connection) -> None:
        """Note a new connection."""
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        """Note that one is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()


def serve(
    config: SimulatorConfig, *, announce: Callable[[str], None], end_with_stdin: bool
) -> None:
    """Run a simulator until SIGINT or SIGTERM.

    Args:
        config: Its settings.
        announce: Called once with the address when it is ready.
        end_with_stdin: End as well when standard input ends, so that a server whose parent was
            killed does not stay behind.

    Raises:
        BadInput: It cannot be started as configured.
    """
    _run(_serve(config, announce, end_with_stdin))


async def _serve(
    config: SimulatorConfig, announce: Callable[[str], None], end_with_stdin: bool
) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    simulator = Simulator(config)
    port = await simulator.start()
    _collect_seldom()
    try:
        if end_with_stdin:
            # A thread, because standard input may be a file, which no event loop can watch.
            threading.Thread(target=_watch_stdin, args=(loop, ending), daemon=True).start()
        host = f"[{config.host}]" if ":" in config.host else config.host
        scheme = "wss" if config.certificate is not None else "ws"
        announce(f"{scheme}://{host}:{port}{PATHS[0]}")
        await ending.wait()
    finally:
        await simulator.stop()


def _collect_seldom() -> None:
    """Keep garbage collections short: only what is new is looked at.

    Without the objects that exist at the start, a full collection of 500 sessions takes some
    milliseconds instead of some sixty.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


def _watch_stdin(loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    # Past Python's buffer, whose lock a waiting thread would hold when the process ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop may have ended first
        loop.call_soon_threadsafe(ending.set)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where there is one, else on the loop of the standard library."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def _cannot_listen(host: str, port: int, error: OSError) -> BadInput:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return BadInput(
            "the port is in use", where=where, hint="Choose another, or 0 for a free one"
        )
    words = sanitised(error.strerror or error)
    return BadInput(f"cannot listen: {words}", where=where, hint="Choose another host or port")
