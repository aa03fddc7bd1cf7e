"""What the caller says in a turn, placed on the plan."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model import TurnInstants
from harness.session.said import Said

# Longest turn, in limits: at the usual 15 s it is longer than the longest response of OpenAI's, of
# 4,096 tokens at 20 a second.
_LONGEST_LIMITS = 15

# By the names of `TurnInstants`.
Instants = Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSpeech:
    """What the caller says in a turn, on the plan.

    Attributes:
        session_id: Caller it belongs to.
        turn_index: Position in the session.
        network: Profile name.
        utterance_id: What is said.
        onset_ns: Labelled first sample, on the plan.
        end_ns: Labelled last sample, on the plan.
        end_sample: Position of that sample in the audio sent so far, in samples.
        end_due_ns: When the frame that carries it is due.
        condition: What was done to the utterance's recording; empty for an original.
        original_id: The same for one utterance under every condition; empty for an original.
        user_class: The scenario's user class that holds the call.
        limit_ns: How long the caller waits from `end_ns`.
        think_asked_ns: The pause before it that was asked for; `None` where it interrupts.
        think_ns: The pause that it was.
        words: The same in words, where it goes out as text.
        said: The same as sound, `None` for a caller who says nothing.
    """

    session_id: str
    turn_index: int
    network: str
    utterance_id: str
    onset_ns: int
    end_ns: int
    end_sample: int
    end_due_ns: int
    limit_ns: int
    condition: str = ""
    original_id: str = ""
    user_class: str = ""
    think_asked_ns: int | None = None
    think_ns: int | None = None
    words: str = ""
    said: Said | None = None

    @property
    def latest_ns(self) -> int:
        """When the turn is over whatever still comes: some responses never end."""
        return self.end_ns + _LONGEST_LIMITS * self.limit_ns


def since(known: Instants, origin_ns: int) -> TurnInstants:
    """Return the same instants, counted from `origin_ns`."""
    return TurnInstants(
        **{name: None if at_ns is None else at_ns - origin_ns for name, at_ns in known.items()}
    )
