"""The cascade as a server: one path, OpenAI's words, a session of its own for every client."""

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from websockets.http11 import Request

from harness.cascade.answering import CascadeAnswers
from harness.cascade.providers.registry import LLM, STT, TTS, make_provider, provider_name
from harness.cascade.response import Parts
from harness.cascade.settings import MODEL, CascadeConfig
from harness.errors import BadInput, sanitised
from harness.simulator.protocol.session import Session
from harness.simulator.protocol.session_limits import Link, ServedSession, SessionLimits
from harness.simulator.record_log import RecordLog
from harness.simulator.serving import run_server
from harness.simulator.wire.upgrade import PATHS, Admitted, RefusedByHttp, UpgradeDecision
from harness.simulator.wire.websocket_server import WebSocketServer

_STAGE_LOG = "stage log"


class Cascade(WebSocketServer):
    """A voice agent on a socket.

    Args:
        config: Its settings.

    Raises:
        BadInput: A provider is unknown, or its address or key is missing.
    """

    def __init__(self, config: CascadeConfig) -> None:
        super().__init__(config.host, config.port, ping_interval_s=config.ping_interval_s)
        self._config = config
        self._parts = _parts(config)
        # Identifiers are unique over all runs, so that stage logs can be put together.
        self._run_tag = secrets.token_hex(4)
        self._sessions_begun = 0
        self._stages = RecordLog(None, _STAGE_LOG)
        self._limits = SessionLimits(limit_s=config.session_limit_s)

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            BadInput: The address cannot be listened on, or the stage log not written.
        """
        self._stages = RecordLog(self._config.stages, _STAGE_LOG)
        try:
            return await super().start()
        except BadInput:
            self._stages.close()
            raise

    async def stop(self) -> None:
        """Say goodbye to every client and stop listening; harmless when not started."""
        await super().stop()
        await self._parts.close()
        self._stages.close()

    def examine(self, request: Request) -> UpgradeDecision:
        """Let everyone in who comes to the right path; the model is whatever is configured."""
        if urlsplit(request.path).path.rstrip("/") != PATHS[0]:
            return RefusedByHttp(404, f"Nothing here; sessions are at {PATHS[0]}\n")
        return Admitted(MODEL)

    def new_session(self, link: Link, admitted: Admitted) -> ServedSession:
        """Make a session for a client that was let in."""
        number = self._sessions_begun
        self._sessions_begun += 1
        return Session(
            link,
            tag=f"{self._run_tag}{number:05d}",
            model=admitted.model,
            answers=lambda session, conversation, listening: CascadeAnswers(
                session, conversation, listening, self._parts, self._stages.write
            ),
            limits=self._limits,
        )


def serve_cascade(
    config: CascadeConfig, *, announce: Callable[[str], None], end_with_stdin: bool
) -> None:
    """Run a cascade until SIGINT or SIGTERM; see `run_server`."""
    run_server(lambda: Cascade(config), announce=announce, end_with_stdin=end_with_stdin)


def _parts(config: CascadeConfig) -> Parts:
    names = {
        "stt": provider_name("stt", STT, config.stt),
        "llm": provider_name("llm", LLM, config.llm),
        "tts": provider_name("tts", TTS, config.tts),
    }
    return Parts(
        stt=make_provider("stt", STT, config.stt),
        llm=make_provider("llm", LLM, config.llm),
        tts=make_provider("tts", TTS, config.tts),
        config=config,
        names={part: sanitised(name) for part, name in names.items()},
    )
