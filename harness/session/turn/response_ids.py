"""Which responses belong to a turn, and which of their events still count.

Responses are distinguished by their identifiers. From a server that gives none, only the order of
events is left: after a response without an identifier was cancelled, audio without one is late
until the server announces the next response.
"""


class ResponseIds:
    """The responses of one turn.

    Args:
        stale: Responses that belong to earlier turns.

    Attributes:
        seen: Responses that belong to this turn.
        announces: Whether the server says when a response begins.
    """

    __slots__ = (
        "_cancelled",
        "_current",
        "_finished",
        "_muted",
        "_sounding",
        "_stale",
        "announces",
        "seen",
    )

    def __init__(self, stale: frozenset[str]) -> None:
        # Frozen: an empty one costs nothing, and most stay empty.
        self.seen = frozenset[str]()
        self.announces = self._muted = False
        self._stale = stale
        self._current = self._sounding = ""
        self._finished = self._cancelled = frozenset[str]()

    def belongs(self, response: str) -> bool:
        """Note the response that an event names; return whether the event is of this turn."""
        if response in self._stale:
            return False
        if response and response not in self.seen:
            self.seen |= {response}
        return True

    def reuse(self, response: str) -> None:
        """Forget a response whose name stands for another one from now on."""
        self.seen -= {response}
        self._stale -= {response}
        self._finished -= {response}
        self._cancelled -= {response}

    @property
    def count(self) -> int | None:
        """How many responses this turn had; `None` where the server gives them no names."""
        return len(self.seen - self._stale) or None

    @property
    def waits(self) -> bool:
        """Whether a response was announced that is neither over nor stopped."""
        gone = self._cancelled | self._finished
        return self.announces and not self._muted and self._current not in gone

    def is_stale(self, response: str) -> bool:
        """Return whether a response belongs to an earlier turn."""
        return response in self._stale

    def is_cancelled(self, response: str) -> bool:
        """Return whether a named response was cancelled or interrupted."""
        return response in self._cancelled

    def is_finished(self, response: str) -> bool:
        """Return whether the server has said that a named response is over."""
        return response in self._finished

    def is_sounding(self, response: str) -> bool:
        """Return whether the latest audio was of this response."""
        return response == self._sounding

    def is_discarded(self, response: str) -> bool:
        """Return whether audio of a response is late, so that it is discarded."""
        return response in self._cancelled if response else self._muted

    def create(self, response: str) -> None:
        """Note that the server announced a response."""
        self.announces, self._muted = True, False
        self._current = response

    def sound(self, response: str) -> bool:
        """Note audio of a response; return whether it follows audio of another one."""
        if not response:
            return False
        if not self._current or self._current in self._finished:
            self._current = response
        follows = self._sounding not in ("", response)
        self._sounding = response
        return follows

    def finish(self, response: str) -> bool:
        """Note that a response is over; return whether it is the current one."""
        if response:
            self._finished |= {response}
        return not response or not self._current or response == self._current

    def cancel(self, response: str) -> None:
        """Note that the server cancelled a response; one without a name is the current one."""
        if response:
            self._cancelled |= {response}
        elif self.announces:
            self._muted = True

    def stop(self, *, for_good: bool) -> None:
        """Stop listening to all responses so far; `for_good` also to later ones without a name."""
        self._cancelled |= self.seen
        self._muted = for_good or self.announces

    def withdraw(self, early: frozenset[str]) -> None:
        """Forget responses that turned out to belong to an earlier turn."""
        self._stale |= early
        self._current = self._sounding = ""
        self._muted = self.announces
