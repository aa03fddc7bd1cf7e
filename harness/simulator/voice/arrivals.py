"""When the last frames of a caller came: two rings of numbers, made once for each session."""

from array import array

_KEPT = 128


class Arrivals:
    """The last 128 frames: the samples that had been received with each, and when it came."""

    __slots__ = ("_count", "_ends", "_received")

    def __init__(self) -> None:
        self._ends, self._received = array("q", bytes(8 * _KEPT)), array("q", bytes(8 * _KEPT))
        self._count = 0

    def add(self, end_sample: int, received_ns: int) -> None:
        """Note one frame."""
        place = self._count % _KEPT
        self._ends[place] = end_sample
        self._received[place] = received_ns
        self._count += 1

    def clear(self) -> None:
        """Forget them all."""
        self._count = 0

    @property
    def end_samples(self) -> tuple[int, ...]:
        """Samples received with each frame, the oldest first."""
        return self._in_order(self._ends)

    @property
    def received_ns(self) -> tuple[int, ...]:
        """When each of these frames came."""
        return self._in_order(self._received)

    def _in_order(self, ring: "array[int]") -> tuple[int, ...]:
        if self._count <= _KEPT:
            return tuple(ring[: self._count])
        oldest = self._count % _KEPT
        return (*ring[oldest:], *ring[:oldest])
