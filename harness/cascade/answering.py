"""When the agent answers: turns of the caller, and what the client asks for, become responses."""

import asyncio
from collections.abc import Callable
from typing import Any

from harness.cascade.response import Parts, Response
from harness.cascade.transcripts import Transcript, Transcripts
from harness.model import StageRecord
from harness.simulator.protocol import refusals
from harness.simulator.protocol.answers import AnsweringSession
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.voice.listening import Heard, Listening

# The agent's semantic VAD is a longer silence, and no more: half of what OpenAI's waits at most
# (8, 4 and 2 s by eagerness, guide to VAD).
_PATIENCE_MS = {"low": 4_000.0, "medium": 2_000.0, "auto": 2_000.0, "high": 1_000.0}


class CascadeAnswers:
    """The responses of one session.

    Args:
        host: The session.
        conversation: Its conversation.
        listening: Its input audio buffer.
        parts: The providers.
        tell: Takes what is known of the stages of each response.
    """

    def __init__(
        self,
        host: AnsweringSession,
        conversation: Conversation,
        listening: Listening,
        parts: Parts,
        tell: Callable[[StageRecord], None],
    ) -> None:
        self._host, self._conversation, self._listening = host, conversation, listening
        self._parts, self._tell = parts, tell
        self._transcripts = Transcripts(host, conversation, parts.stt, parts.config.stt.limit_s)
        self._waiting: tuple[Heard, asyncio.Task[Transcript]] | None = None
        self._response: Response | None = None
        self._said: dict[str, str] = {}

    # -- from the caller's audio ----------------------------------------------------------------

    def patience_ms(self, eagerness: str) -> float:
        """Return the silence that ends a turn."""
        return _PATIENCE_MS[eagerness]

    def is_deaf(self) -> bool:
        """Return whether an interruption is to be ignored: never."""
        return False

    def premature_ms(self) -> float | None:
        """Return when to interrupt the caller: never."""
        return None

    def speech_started(self, *, interrupt: bool) -> None:
        """Stop talking when the caller begins to."""
        if self._response is not None and interrupt:
            self._response.cancel("turn_detected")

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Have the caller's turn written down; answer it, or wait until the client asks."""
        transcript = self._transcripts.begin(heard, self._listening.format)
        self._waiting = heard, transcript
        if not respond:
            return
        if self._response is None:
            self._respond({})
        else:
            self._host.refuse(refusals.already_active(self._response.id))

    # -- from the client ------------------------------------------------------------------------

    def create(self, options: Json) -> None:
        """Begin a response because the client asks for it."""
        if options.get("conversation") == "none":
            expected = "'auto': responses out of band are not given here"
            raise refusals.invalid("response.conversation", expected)
        if self._response is not None:
            raise refusals.already_active(self._response.id)
        self._respond(options)

    def cancel(self, response_id: Any) -> None:
        """Stop the running response because the client asks for it."""
        if self._response is None or response_id not in (None, self._response.id):
            raise refusals.nothing_to_cancel()
        self._response.cancel("client_cancelled")

    def end(self) -> None:
        """Stop: the connection is gone."""
        if self._response is not None:
            self._response.abandon()
        self._transcripts.end()

    # -- inside ---------------------------------------------------------------------------------

    def _respond(self, options: Json) -> None:
        asked = options.get("output_modalities") or self._host.configuration["output_modalities"]
        if "audio" not in asked:
            expected = "['audio']: nothing is answered in writing here"
            self._host.refuse(refusals.invalid("session.output_modalities", expected))
            return
        heard, own = self._waiting or (self._listening.what_was_heard(None), None)
        self._waiting = None
        self._response = Response(
            self._host,
            self._conversation,
            self._parts,
            options=options,
            heard=heard,
            own=own,
            earlier=self._transcripts.running - {own},
            said=self._said,
            ended=self._ended,
        )
        self._response.begin()

    def _ended(self, _response: Response, record: StageRecord) -> None:
        self._response = None
        self._tell(record)
