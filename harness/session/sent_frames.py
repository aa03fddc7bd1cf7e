"""What went out of one utterance, and how late."""


class SentFrames:
    """Frames of one turn; all times are monotonic nanoseconds.

    Attributes:
        frames: How many went out.
        samples: How much audio that was.
        last_ns: When the last one did, `None` before the first.
        end_ns: When the one did that carries the labelled end of speech; likewise.
        late_max_ns: How late the latest one was, 0 before the first.
        held_up_ns: How late a frame was, before the answer was heard, that was so late that the
            plan of the call moved; 0 for none.
        awaited_late_ns: How late the latest frame was after the end of speech that the server may
            have waited for to decide that the caller has finished, 0 for none.
    """

    __slots__ = (
        "awaited_late_ns",
        "end_ns",
        "frames",
        "held_up_ns",
        "last_ns",
        "late_max_ns",
        "samples",
    )

    def __init__(self) -> None:
        self.frames = self.samples = self.late_max_ns = self.held_up_ns = 0
        self.awaited_late_ns = 0
        self.last_ns: int | None = None
        self.end_ns: int | None = None

    def note(
        self, now_ns: int, late_ns: int, *, frames: int, samples: int, ends_speech: bool = False
    ) -> None:
        """Note that frames went out.

        Args:
            now_ns: When the last of them did.
            late_ns: How late the latest of them was.
            frames: How many.
            samples: How much audio they hold together.
            ends_speech: Whether the last one carries the labelled end.
        """
        self.frames += frames
        self.samples += samples
        self.last_ns = now_ns
        self.late_max_ns = max(self.late_max_ns, late_ns)
        if ends_speech:
            self.end_ns = now_ns

    def awaited(self, late_ns: int) -> None:
        """Note how late frames left while the server had not decided that the caller has finished.

        Silence after the end of speech is what it decides by, so it decides as much later.
        """
        if self.end_ns is not None and late_ns > self.awaited_late_ns:
            self.awaited_late_ns = late_ns

    def endpoint_late_ns(self, due_ns: int) -> int | None:
        """Return how late the server may have decided through us.

        Args:
            due_ns: When the frame was due that carries the labelled end.

        Returns:
            How late that frame left, or the latest that was awaited after it; `None` before it did.
        """
        if self.end_ns is None:
            return None
        return max(0, self.end_ns - due_ns, self.awaited_late_ns)
