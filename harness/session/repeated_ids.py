"""What a server's responses are called, and whether their end is told, over a whole session.

Some servers number their responses anew in every turn, and use names again.
"""

from harness.model import AudioDelta, OfResponse, ResponseCreated, ResponseDone


class RepeatedIds:
    """Finds out when a name stands for another response than before.

    Attributes:
        any_done: Whether the end of any response was told.
    """

    __slots__ = ("_created", "_over", "any_done")

    def __init__(self) -> None:
        self.any_done = False
        # Frozen: an empty one costs nothing.
        self._created = self._over = frozenset[str]()

    def note(self, event: OfResponse, *, may_answer: bool) -> bool:
        """Take an event of a response.

        Args:
            event: Any such event.
            may_answer: Whether the caller waits for a response: audio under the name of one that is
                over is then another, from a server that announces none.

        Returns:
            Whether the response of this name was over, and this event is of another one.
        """
        name = event.response_id
        self.any_done = self.any_done or isinstance(event, ResponseDone)
        if not name:
            return False
        again = False
        if isinstance(event, ResponseDone):
            self._over |= {name}
        elif isinstance(event, ResponseCreated):
            # A response may be announced after the event that it is over: that is the same one.
            again = name in self._over and name in self._created
            self._created |= {name}
        elif isinstance(event, AudioDelta):
            again = name in self._over and not self._created and may_answer
        if again:
            self._over -= {name}
        return again
