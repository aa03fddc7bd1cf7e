"""Which events a server never sends: servers that resemble an API seldom send all of them.

The headline latency needs none of them: it comes from audio alone. What is missing decides which
other metrics a run can have, so it is reported once, in words, and not turn by turn.
"""

from harness.model import (
    AudioDelta,
    Event,
    InputCommitted,
    OfResponse,
    ResponseCreated,
    ResponseDone,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokensReported,
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
    TokensReported: "usage",
}


class EventCoverage:
    """Notes which kinds of event came; cheap enough for every event of every session."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: set[str] = set()

    @property
    def seen(self) -> frozenset[str]:
        """What came, by the names of `missing_events`; sets of several sessions can be united."""
        return frozenset(self._seen)

    def note(self, event: Event) -> None:
        """Take one event of the server."""
        kind = _KNOWN.get(type(event))
        if kind is None:
            return
        self._seen.add(kind)
        if isinstance(event, OfResponse) and event.response_id:
            self._seen.add("response ids")
        if isinstance(event, ResponseDone) and event.usage is not None:
            self._seen.add("usage")


def missing_events(seen: frozenset[str]) -> tuple[str, ...]:
    """Return what a server did not report, in words, each fit to follow "not reported".

    Args:
        seen: `EventCoverage.seen` of one session or of all, after a turn that was heard.
    """
    return tuple(words for name, words in _WORDS.items() if name not in seen)
