"""What a turn that interrupts the response before it records of the interruption."""

from dataclasses import dataclass

from harness.errors import Fault
from harness.session.turn.planned_speech import Instants


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInEffect:
    """What came of an interruption; all times are monotonic nanoseconds.

    Attributes:
        ack_ns: When the server first reported the caller's speech, `None` when it never did.
        stopped_ns: Last sample heard of the response that was stopped, `None` when none was.
        talked_over_ns: Until when the response was heard over the caller; `None` when stopped.
        resumed_ns: When more of the response came that the agent had taken back, before the caller
            had ended; `None` where none did.
        fault: Why there is no instant at which the response stopped; `None` when there is one.
    """

    ack_ns: int | None = None
    stopped_ns: int | None = None
    talked_over_ns: int | None = None
    resumed_ns: int | None = None
    fault: Fault | None = None

    def instants(self, onset_ns: int) -> Instants:
        """Return the instants by their names in `TurnInstants`.

        Args:
            onset_ns: When the caller began to speak.
        """
        return {
            "barge_in_onset_ns": onset_ns,
            "barge_in_ack_ns": self.ack_ns,
            "audio_stopped_ns": self.stopped_ns,
            "talked_over_ns": self.talked_over_ns,
            "response_resumed_ns": self.resumed_ns,
        }
