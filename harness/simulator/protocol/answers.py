"""What answers the turns of a session, as the session sees it."""

from collections.abc import Callable
from typing import Any, Protocol

from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.protocol.refusals import Refused
from harness.simulator.voice.listening import Heard, Listening
from harness.simulator.voice.outputs import Outlet


class AnsweringSession(Outlet, Protocol):
    """The session as its responses see it."""

    @property
    def configuration(self) -> Json:
        """The session object in effect."""

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""

    def refuse(self, refused: Refused) -> None:
        """Send one `error` event."""


class Answers(Protocol):
    """What turns the caller's turns into responses."""

    def patience_ms(self, eagerness: str) -> float:
        """Return how long semantic VAD waits."""

    def is_deaf(self) -> bool:
        """Return whether the caller's interruption is to be ignored."""

    def premature_ms(self) -> float | None:
        """Return when to interrupt the turn that begins, `None` for never."""

    def speech_started(self, *, interrupt: bool) -> None:
        """Note that the caller has begun to talk."""

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Take a finished turn of the caller, and answer it or wait until the client asks."""

    def create(self, options: Json) -> None:
        """Begin a response because the client asks for it."""

    def cancel(self, response_id: Any) -> None:
        """Stop a response because the client asks for it."""

    def end(self) -> None:
        """Stop: the connection is gone."""


NewAnswers = Callable[[AnsweringSession, Conversation, Listening], Answers]
"""Makes what answers the turns of one session."""
