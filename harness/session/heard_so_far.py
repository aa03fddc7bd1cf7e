"""What the agent said and did in a turn, for those who react to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSoFar:
    """What is known of a turn.

    Attributes:
        turn_index: Which.
        transcript: The words of its responses, as the server told them.
        tools: Names of the tools that were called, in order.
        audible: Whether the response is heard.
    """

    turn_index: int
    transcript: str
    tools: tuple[str, ...]
    audible: bool
