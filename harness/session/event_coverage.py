"""What a server does not tell: servers that resemble an API seldom send all of its events.

Nothing here is needed for the headline, which comes from audio alone. What is missing decides which
of the other numbers a run can have, so it is said in words, once, and not turn by turn.
"""

from harness.model import (
    AudioDelta,
    Event,
    InputCommitted,
    ResponseCreated,
    ResponseDone,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
)

_WORDS = {
    "SessionConfigured": "whether it accepted the session's settings, such as turn detection",
    "SpeechStarted": "when it heard the caller begin: barge-in shows in the audio only",
    "decision": "when it decided that the caller had finished: no endpoint delay",
    "ResponseCreated": "when a response was begun",
    "AudioDelta": "anything to hear",
    "TextDelta": "the words of its responses",
    "ResponseDone": "when a response is over: it is taken to be when nothing more is heard",
    "response ids": "which response a message belongs to: late audio of a cancelled one may count",
    "usage": "the tokens it used: cost is an estimate",
}
_KNOWN: dict[type, str] = {
    SessionConfigured: "SessionConfigured",
    SpeechStarted: "SpeechStarted",
    SpeechStopped: "decision",
    InputCommitted: "decision",
    ResponseCreated: "ResponseCreated",
    AudioDelta: "AudioDelta",
    TextDelta: "TextDelta",
    ResponseDone: "ResponseDone",
}


class EventCoverage:
    """Remembers which kinds of event came; cheap enough for every event of every session."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: set[str] = set()

    @property
    def told(self) -> frozenset[str]:
        """What came, by names that `missing_events` knows; sets of several sessions unite."""
        return frozenset(self._told)

    def note(self, event: Event) -> None:
        """Take one event of the server."""
        kind = _KNOWN.get(type(event))
        if kind is None:
            return
        self._told.add(kind)
        if getattr(event, "response_id", ""):
            self._told.add("response ids")
        if isinstance(event, ResponseDone) and event.usage is not None:
            self._told.add("usage")


def missing_events(told: frozenset[str]) -> tuple[str, ...]:
    """Return what a server did not tell, in words, each fit to follow "it does not tell".

    Args:
        told: `EventCoverage.told` of one session or of all, after a turn that was heard.
    """
    return tuple(words for name, words in _WORDS.items() if name not in told)
