"""Audio formats, and the one conversion between samples and time."""

from dataclasses import dataclass
from enum import StrEnum

from harness.model.units import NS_PER_S


def ns_from_samples(samples: int, rate_hz: int) -> int:
    """Return the duration of `samples` at `rate_hz` in nanoseconds, rounded down."""
    return samples * NS_PER_S // rate_hz


def samples_from_ns(duration_ns: int, rate_hz: int) -> int:
    """Return how many whole samples fit into `duration_ns` at `rate_hz`."""
    return duration_ns * rate_hz // NS_PER_S


class Encoding(StrEnum):
    """How one sample is written on the wire; `unknown` is one that a server named and we do not."""

    PCM16 = "pcm16"
    MULAW = "mulaw"
    ALAW = "alaw"
    UNKNOWN = "unknown"

    @property
    def bytes_per_sample(self) -> int:
        """Bytes one mono sample takes."""
        return 2 if self is Encoding.PCM16 else 1


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Mono audio as it travels.

    Attributes:
        rate_hz: Samples per second.
        encoding: PCM16 is signed 16-bit little-endian; the others are G.711.
    """

    rate_hz: int
    encoding: Encoding = Encoding.PCM16

    def __post_init__(self) -> None:
        """Refuse rates no API speaks."""
        if not 8_000 <= self.rate_hz <= 48_000:
            raise ValueError(f"rate_hz must be between 8000 and 48000, got {self.rate_hz}")

    def frame_samples(self, frame_ms: int) -> int:
        """Return the samples in a frame of `frame_ms`; the frame must hold whole samples."""
        samples, rest = divmod(self.rate_hz * frame_ms, 1000)
        if rest or samples < 1:
            raise ValueError(f"a frame of {frame_ms} ms is not whole at {self.rate_hz} Hz")
        return samples
