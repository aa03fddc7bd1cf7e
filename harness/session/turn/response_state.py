"""How far a server's reply has come: every state and every transition."""

from enum import Enum, auto

from harness.model import (
    AudioDelta,
    InputCommitted,
    ResponseCreated,
    ResponseDone,
    SpeechStarted,
    SpeechStopped,
)


class Reply(Enum):
    """How far the server has come in this turn."""

    NONE = auto()
    ENDPOINTED = auto()
    CREATED = auto()
    SOUNDING = auto()
    OVER = auto()


class Withdrawn:
    """The reply under way was cancelled, or ended unheard while the caller still spoke."""


NEXT: dict[tuple[Reply, type], Reply] = {
    (Reply.NONE, SpeechStopped): Reply.ENDPOINTED,
    (Reply.NONE, InputCommitted): Reply.ENDPOINTED,
    (Reply.NONE, ResponseCreated): Reply.CREATED,
    (Reply.NONE, AudioDelta): Reply.SOUNDING,
    (Reply.NONE, ResponseDone): Reply.OVER,
    # The server heard the caller go on: its decision is withdrawn.
    (Reply.ENDPOINTED, SpeechStarted): Reply.NONE,
    (Reply.ENDPOINTED, ResponseCreated): Reply.CREATED,
    (Reply.ENDPOINTED, AudioDelta): Reply.SOUNDING,
    (Reply.ENDPOINTED, ResponseDone): Reply.OVER,
    (Reply.ENDPOINTED, Withdrawn): Reply.NONE,
    # Some servers drop a reply they have begun without a word.
    (Reply.CREATED, SpeechStarted): Reply.NONE,
    (Reply.CREATED, AudioDelta): Reply.SOUNDING,
    (Reply.CREATED, ResponseDone): Reply.OVER,
    (Reply.CREATED, Withdrawn): Reply.NONE,
    (Reply.SOUNDING, ResponseDone): Reply.OVER,
    (Reply.SOUNDING, Withdrawn): Reply.NONE,
    # A second reply in the same turn, as after a tool call or a failed first one.
    (Reply.OVER, ResponseCreated): Reply.CREATED,
    (Reply.OVER, AudioDelta): Reply.SOUNDING,
    (Reply.OVER, Withdrawn): Reply.NONE,
}
