"""How far a server's response has come: every state and every transition."""

from enum import Enum, auto

from harness.model import (
    AudioDelta,
    InputCommitted,
    ResponseCreated,
    ResponseDone,
    SpeechStarted,
    SpeechStopped,
)


class ResponseState(Enum):
    """How far the server has come in this turn."""

    NONE = auto()
    ENDPOINTED = auto()
    CREATED = auto()
    SOUNDING = auto()
    OVER = auto()

    @property
    def is_over(self) -> bool:
        """Whether the latest response has ended."""
        return self is ResponseState.OVER

    def after(self, kind: type | None) -> "ResponseState":
        """Return the state after an event of this kind: the same where `TRANSITIONS` has none.

        Args:
            kind: Which; `None` for one that is to change nothing.
        """
        return TRANSITIONS.get((self, kind), self)


class Withdrawn:
    """The current response was cancelled, or ended unheard while the caller still spoke."""


TRANSITIONS: dict[tuple[ResponseState, type | None], ResponseState] = {
    (ResponseState.NONE, SpeechStopped): ResponseState.ENDPOINTED,
    (ResponseState.NONE, InputCommitted): ResponseState.ENDPOINTED,
    (ResponseState.NONE, ResponseCreated): ResponseState.CREATED,
    (ResponseState.NONE, AudioDelta): ResponseState.SOUNDING,
    (ResponseState.NONE, ResponseDone): ResponseState.OVER,
    # The server detected speech again: its decision is withdrawn.
    (ResponseState.ENDPOINTED, SpeechStarted): ResponseState.NONE,
    (ResponseState.ENDPOINTED, ResponseCreated): ResponseState.CREATED,
    (ResponseState.ENDPOINTED, AudioDelta): ResponseState.SOUNDING,
    (ResponseState.ENDPOINTED, ResponseDone): ResponseState.OVER,
    (ResponseState.ENDPOINTED, Withdrawn): ResponseState.NONE,
    # Some servers drop a response that they have begun without saying so.
    (ResponseState.CREATED, SpeechStarted): ResponseState.NONE,
    (ResponseState.CREATED, AudioDelta): ResponseState.SOUNDING,
    (ResponseState.CREATED, ResponseDone): ResponseState.OVER,
    (ResponseState.CREATED, Withdrawn): ResponseState.NONE,
    (ResponseState.SOUNDING, ResponseDone): ResponseState.OVER,
    (ResponseState.SOUNDING, Withdrawn): ResponseState.NONE,
    # A second response in the same turn, as after a tool call or a failed first one.
    (ResponseState.OVER, ResponseCreated): ResponseState.CREATED,
    (ResponseState.OVER, AudioDelta): ResponseState.SOUNDING,
    (ResponseState.OVER, Withdrawn): ResponseState.NONE,
}
