"""How the responses of one turn ended: completed, or broken off."""

from harness.model import ProviderError, ResponseDone, ResponseStatus


class ResponseEndings:
    """The endings of a turn's responses.

    Args:
        reported: Whether the server has reported the end of a response before.
        error: The last error message before.

    Attributes:
        last: How the latest awaited response ended; `None` while none has.
        error: The last error message; `None` where none came.
    """

    __slots__ = ("_broken", "_failure", "_reported", "error", "last")

    def __init__(self, reported: bool = False, error: ProviderError | None = None) -> None:
        self.last: ResponseDone | None = None
        self._broken: ResponseDone | None = None
        self._reported, self.error = reported, error
        # An error since the latest response began.
        self._failure: ProviderError | None = None

    def anew(self) -> "ResponseEndings":
        """Return the endings of the responses to come, where those so far count for nothing."""
        return ResponseEndings(self._reported or self.last is not None, self.error)

    def failed(self, error: ProviderError) -> None:
        """Note an error message, which may be all that is said of a response that broke off."""
        self.error = self._failure = error

    def unended(self, endless: bool = False) -> ResponseDone | None:
        """Return how a response failed whose end never came, `None` where it may have been whole.

        Some servers never report an end, and then it is missing without a failure.

        Args:
            endless: It went on until the caller no longer listened.
        """
        if endless:
            words = "it went on for longer than any caller listens"
            return ResponseDone("", ResponseStatus.FAILED, "endless", words)
        failure = self._failure
        if failure is not None:
            code = failure.code or "error"
            return ResponseDone("", ResponseStatus.FAILED, code, failure.detail)
        if self._reported or self.last is not None:
            words = "no more of the response came, and not its end"
            return ResponseDone("", ResponseStatus.FAILED, "no_end", words)
        return None

    @property
    def completed(self) -> bool:
        """Whether the latest response completed."""
        return self.last is not None and self.last.status is ResponseStatus.COMPLETED

    def broke_off(self, done: ResponseDone) -> None:
        """Note that a response was heard from and did not complete."""
        self._broken = self._broken or done

    def another(self) -> None:
        """Note that another response begins: one that the server cancelled for it is replaced."""
        self._failure = None
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
