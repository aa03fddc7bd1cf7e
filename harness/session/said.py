"""What a caller said, and from when on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One utterance, or one backchannel, on the plan.

    Attributes:
        utterance_id: Which.
        start_ns: When its first sample was spoken, in monotonic nanoseconds.
        pause_at: Sample before which a pause was made; none where `pause_samples` is 0.
        pause_samples: How long that was.
    """

    utterance_id: str
    start_ns: int
    pause_at: int = 0
    pause_samples: int = 0
