"""How the responses of one turn ended: completed, or broken off."""

from harness.model import ResponseDone, ResponseStatus


class ResponseEndings:
    """The endings of a turn's responses.

    Attributes:
        last: How the latest awaited response ended; `None` while none has.
    """

    __slots__ = ("_broken", "last")

    def __init__(self) -> None:
        self.last: ResponseDone | None = None
        self._broken: ResponseDone | None = None

    @property
    def completed(self) -> bool:
        """Whether the latest response completed."""
        return self.last is not None and self.last.status is ResponseStatus.COMPLETED

    def broke_off(self, done: ResponseDone) -> None:
        """Note that a response was heard from and did not complete."""
        self._broken = self._broken or done

    def another(self) -> None:
        """Note that another response begins: one that the server cancelled for it is replaced."""
        if self._broken is not None and self._broken.status is ResponseStatus.CANCELLED:
            self._broken = None

    def failure(self, *, is_over: bool) -> ResponseDone | None:
        """Return how a response of a turn that was heard from failed, `None` where none did.

        Args:
            is_over: No response is under way. Audio may come after the event that its response has
                failed, so the latest ending counts too.
        """
        if self._broken is not None or self.completed or not is_over:
            return self._broken
        return self.last
