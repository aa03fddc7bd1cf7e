"""When each frame of a caller's audio is due.

A microphone cannot hand over a frame before it has been spoken, so frame *k* is due at the end
of its interval. Between utterances the grid goes on: the caller sends silence.
"""

from dataclasses import dataclass

from harness.model import ns_from_samples


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """The caller's audio clock.

    Attributes:
        start_ns: Instant of sample 0.
        frame_samples: Samples per frame.
        rate_hz: Samples per second.
    """

    start_ns: int
    frame_samples: int
    rate_hz: int

    @property
    def frame_ns(self) -> int:
        """Length of a frame."""
        return ns_from_samples(self.frame_samples, self.rate_hz)

    def due_ns(self, frame: int) -> int:
        """Return when frame number `frame` has been spoken and may be sent."""
        return self.start_ns + ns_from_samples((frame + 1) * self.frame_samples, self.rate_hz)

    def sample_ns(self, sample: int) -> int:
        """Return the instant at which sample number `sample` is spoken."""
        return self.start_ns + ns_from_samples(sample, self.rate_hz)

    def slipped(self, by_frames: int) -> "FrameGrid":
        """Return the same grid, later by whole frames."""
        return FrameGrid(
            self.start_ns + ns_from_samples(by_frames * self.frame_samples, self.rate_hz),
            self.frame_samples,
            self.rate_hz,
        )
