"""The utterance that a caller is saying, frame by frame."""

from collections.abc import Sequence

from harness.session.encoded_utterance import EncodedUtterance
from harness.session.sent_frames import SentFrames


class Speaking:
    """Which frames of an utterance went out, and which may go out without a decision.

    Args:
        frame_samples: Samples per frame.

    Attributes:
        utterance: What is being said, `None` while the caller is silent.
    """

    __slots__ = ("_end_frame", "_frame", "_frame_samples", "utterance")

    def __init__(self, frame_samples: int) -> None:
        self.utterance: EncodedUtterance | None = None
        self._frame_samples = frame_samples
        self._frame = self._end_frame = 0

    def begin(self, utterance: EncodedUtterance) -> None:
        """Begin an utterance with its first frame."""
        self.utterance, self._frame = utterance, 0
        self._end_frame = utterance.end_sample // self._frame_samples

    def stop(self) -> None:
        """Say nothing more of the utterance."""
        self.utterance = None

    def ready(self) -> Sequence[bytes]:
        """Return the next frames that take no decision.

        Two frames need more bookkeeping than that they went out: the one that ends speech, and the
        last; and so do those with which a key is pressed. The frames returned end before the next
        of these.
        """
        assert self.utterance is not None
        messages, keys = self.utterance.messages, self.utterance.keys
        until = self._end_frame if self._frame <= self._end_frame else len(messages) - 1
        if keys:
            until = min((frame for frame in keys if self._frame <= frame < until), default=until)
        return messages[self._frame : until]

    @property
    def key(self) -> str:
        """The key that is pressed with the frame that goes out next, empty for none."""
        return "" if self.utterance is None else self.utterance.keys.get(self._frame, "")

    def sent(self, sent_ns: int, late_ns: int, frames: int, sending: SentFrames) -> None:
        """Note that frames from `ready` went out.

        Args:
            sent_ns: When the last of them did.
            late_ns: How late the latest of them was.
            frames: How many.
            sending: The turn's account of them.
        """
        self._frame += frames
        sending.note(sent_ns, late_ns, frames=frames, samples=frames * self._frame_samples)

    def say(self, now_ns: int, late_ns: int, sending: SentFrames) -> bytes:
        """Return the frame that goes out now; after the last one the caller is silent."""
        utterance, frame = self.utterance, self._frame
        assert utterance is not None
        sending.note(
            now_ns,
            late_ns,
            frames=1,
            samples=self._frame_samples,
            ends_speech=frame == self._end_frame,
        )
        self._frame = frame + 1
        if self._frame == len(utterance.messages):
            self.utterance = None
        return utterance.messages[frame]
