"""What an application behind a carrier's socket did in one call, as the carrier saw it."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAccount:
    """Counts of one call.

    Attributes:
        frames_dropped: Frames of the caller that were discarded because the application's socket
            took no more: carriers do not queue them. They count as sent: the fault is not ours.
        clears: How often the application took back what had not been played.
        marks_cleared: Marks that were outstanding then.
        bursts: How often audio was sent more than a second ahead of its playout.
        bursts_unmarked: How often no mark came with it, so that the application cannot know what
            of it was heard.
        commands: Messages of the application that ask for anything but speech, such as a recording
            to be played or digits to be sent: they are counted and not carried out.
    """

    frames_dropped: int = 0
    clears: int = 0
    marks_cleared: int = 0
    bursts: int = 0
    bursts_unmarked: int = 0
    commands: int = 0

    def __add__(self, other: "CarrierAccount") -> "CarrierAccount":
        """Add count by count: a call may take several connections."""
        names = [field.name for field in fields(CarrierAccount)]
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return CarrierAccount(**sums)
