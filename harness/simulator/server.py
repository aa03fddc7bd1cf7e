"""The simulator: numbers its sessions and keeps what they share."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from websockets.http11 import Request

from harness.errors import BadInput
from harness.model import TruthRecord
from harness.simulator.carrier.application import CarrierApplication
from harness.simulator.carrier.relay import RELAYS, RelayApplication
from harness.simulator.carrier.words import CARRIERS
from harness.simulator.chance.draws import Draws
from harness.simulator.protocol.fronted_session import Told
from harness.simulator.protocol.session import Session
from harness.simulator.protocol.session_limits import Link, ServedSession, SessionLimits
from harness.simulator.record_log import RecordLog
from harness.simulator.serving import run_server
from harness.simulator.settings import SimulatorConfig
from harness.simulator.timing.call_load import Admission, CallLoad
from harness.simulator.timing.capacity import Capacity
from harness.simulator.vendors.lookalikes import SERVICES
from harness.simulator.vendors.registry import VENDORS
from harness.simulator.vendors.vapi_call import VapiCall, VapiCalls
from harness.simulator.voice import recorder
from harness.simulator.voice.answering import Answering
from harness.simulator.voice.recognising import Recogniser
from harness.simulator.voice.sound_formats import PCM
from harness.simulator.voice.spoken_answers import SpokenAnswers
from harness.simulator.wire import plain_http
from harness.simulator.wire.upgrade import (
    Admitted,
    RefusedByHttp,
    UpgradeDecision,
    examine,
    presented_key,
)
from harness.simulator.wire.websocket_server import WebSocketServer

_TRUTH_LOG = "truth log"


class Simulator(WebSocketServer):
    """A Realtime server on a socket.

    Args:
        config: Its settings.

    Example:
        >>> simulator = Simulator(SimulatorConfig())
        >>> port = await simulator.start()  # doctest: +SKIP
        >>> await simulator.stop()  # doctest: +SKIP
    """

    def __init__(self, config: SimulatorConfig) -> None:
        super().__init__(
            config.host,
            config.port,
            ping_interval_s=config.ping_interval_s,
            certificate=config.certificate,
            private_key=config.private_key,
        )
        self._config = config
        self._spoken = SpokenAnswers(
            config.seed, config.responses, config.answers, config.delta_sizes
        )
        # Identifiers are unique over all runs, so that truth logs can be put together.
        self._run_tag = secrets.token_hex(4)
        self._sessions_begun = self._agents_begun = 0
        self._secrets, self._calls = plain_http.Secrets(), VapiCalls(config.calls_at_once)
        self._truth = RecordLog(None, _TRUTH_LOG)
        self._limits = SessionLimits(
            limit_s=config.session_limit_s, null=config.null, heard=config.heard
        )

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            BadInput: The address cannot be listened on, or the truth log not written.
        """
        if self._config.heard is not None:
            recorder.prepare(self._config.heard)
        self._spoken.get(0, PCM)  # made before the first session needs them
        self._truth = RecordLog(self._config.truth, _TRUTH_LOG)
        self._capacity = self._admission()
        try:
            return await super().start()
        except BadInput:
            self._truth.close()
            raise

    async def stop(self) -> None:
        """Say goodbye to every client and stop listening; harmless when not started."""
        await super().stop()
        self._truth.close()

    def _admission(self) -> Admission | None:
        """Return what the server can carry, `None` for everything."""
        config, capacity = self._config, None
        if config.capacity is not None:
            capacity = Capacity(config.capacity, np.random.default_rng([config.seed, 0, 2]))
        if config.calls is None:
            return capacity
        return CallLoad(config.calls, lambda: self.connected, capacity)

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

            def answering(link: Link, told: Told) -> Session:
                return self._session_of(link, admitted, told)

            if admitted.carrier in RELAYS:
                return RelayApplication(link, answering)
            return CarrierApplication(link, CARRIERS[admitted.carrier], answering)
        if admitted.vendor:
            self._agents_begun += 1
            number = f"session-{self._run_tag}{self._agents_begun:05d}"
            name = self._calls.take(admitted.call) if admitted.call else number
            agent = VENDORS[admitted.vendor](
                link, lambda link, told: self._session_of(link, admitted, told), name
            )
            if isinstance(agent, VapiCall):
                agent.enter_in(self._calls.book(name))
            return agent
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
        truth = self._truth
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
        recogniser = None if rule is None else Recogniser(rule, self._config.seed, number)
        return Session(
            link,
            tag=tag,
            model=admitted.model,
            answers=lambda session, conversation, listening: Answering(
                session,
                conversation,
                listening,
                draws,
                speed=self._config.speed,
                capacity=self._capacity,
                tell=truth.write if told is None else lambda record: truth.write(told(record)),
                recogniser=recogniser,
                transcribes=admitted.transcribes,
            ),
            limits=self._limits,
            transcribes=admitted.transcribes,
            minted=admitted.minted or {},
            recognise=None if recogniser is None else recogniser.hear,
        )


def serve(
    config: SimulatorConfig, *, announce: Callable[[str], None], end_with_stdin: bool
) -> None:
    """Run a simulator until SIGINT or SIGTERM; see `run_server`."""
    run_server(lambda: Simulator(config), announce=announce, end_with_stdin=end_with_stdin)
