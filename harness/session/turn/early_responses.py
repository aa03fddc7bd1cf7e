"""Responses that began before the server detected the end of the turn, and so do not answer it.

A greeting, or the late answer to the turn before, may arrive while the caller speaks. Only the
order of events tells it from the answer: a server that says when it heard the end begins the
answer after that. From a server that never says so, nothing is early.

An answer may be later still: to a turn before that was given up. Where another response follows it,
the first one was that answer.
"""

from harness.model import (
    NS_PER_MS,
    AudioDelta,
    Event,
    InputCommitted,
    ResponseCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
)

# A server may report the end of a turn just after the response to it. What is begun earlier than
# this before the end answers something else.
_OUT_OF_ORDER_NS = 100 * NS_PER_MS


class EarlyResponses:
    """Responses of one turn before its end is reported; all times are monotonic nanoseconds.

    Args:
        onset_ns: When the caller begins to speak: an earlier end is that of another turn.
        owed: Whether the turn before has not been answered.

    Attributes:
        owed: Whether what has begun may still turn out to be the answer to the turn before.
        detects_speech: Whether the server has reported the caller's speech.
        heard_first: Whether it did so before any response began.
    """

    __slots__ = ("_begun_ns", "_ended", "_onset_ns", "detects_speech", "heard_first", "owed")

    def __init__(self, onset_ns: int, *, owed: bool = False) -> None:
        self.owed = owed
        self.detects_speech = self.heard_first = False
        self._onset_ns = onset_ns
        self._begun_ns: dict[str, int] = {}
        self._ended = False

    @property
    def pending(self) -> bool:
        """Whether a response began and the server has not reported the end yet."""
        return bool(self._begun_ns) and not self._ended

    def receive(self, event: Event, now_ns: int) -> bool:
        """Take an event.

        Returns:
            Whether it shows that the early responses are not the answer.
        """
        if isinstance(event, ResponseCreated | AudioDelta | TextDelta):
            return self._begins(event, now_ns)
        if isinstance(event, SpeechStopped | InputCommitted):
            return self._end_heard(now_ns)
        if isinstance(event, SpeechStarted):
            self.detects_speech = True
            self.heard_first = self.heard_first or not self._begun_ns
        return False

    def withdraw(self) -> frozenset[str]:
        """Forget the early responses, and return their identifiers."""
        self.owed = False
        names = frozenset(name for name in self._begun_ns if name)
        self._begun_ns.clear()
        return names

    def _begins(self, event: ResponseCreated | AudioDelta | TextDelta, now_ns: int) -> bool:
        """Take an event of a response.

        Returns:
            Whether another response begins after the end, so that what was begun before it is
            known not to be the answer.
        """
        if not self._ended or (self.owed and event.response_id and not self._begun_ns):
            self._begun_ns.setdefault(event.response_id, now_ns)
            return False
        is_new = event.response_id not in self._begun_ns
        return bool(self._begun_ns) and is_new and isinstance(event, ResponseCreated)

    def _end_heard(self, now_ns: int) -> bool:
        """Take the server's report that the turn has ended.

        Returns:
            Whether what was begun before is too old to be the answer.
        """
        if self._ended or now_ns < self._onset_ns:
            return False
        self._ended = True
        oldest_ns = min(self._begun_ns.values(), default=now_ns)
        return now_ns - oldest_ns > _OUT_OF_ORDER_NS
