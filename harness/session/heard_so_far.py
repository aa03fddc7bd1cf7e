"""What the agent said and did in a turn, for those who react to it."""

from dataclasses import dataclass

from harness.session.turn.machine import Turn


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


def heard_so_far(turn: Turn) -> HeardSoFar:
    """Return what the agent has said and done in a turn."""
    return HeardSoFar(
        turn_index=turn.spoken.turn_index,
        transcript=turn.words.text(),
        tools=turn.tools.names,
        audible=turn.answer_ns is not None,
    )


def reacted_to_ns(turn: Turn) -> int | None:
    """Return when the response is heard that the caller may react to, `None` for none.

    One that came before the end of the utterance is not reacted to: the caller was still speaking.
    """
    heard_ns = turn.answer_ns
    return None if heard_ns is None or heard_ns < turn.spoken.end_ns else heard_ns
