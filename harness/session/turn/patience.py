"""How long a caller waits for more of a response that was heard and has not ended."""

from harness.model import NS_PER_MS
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.response_state import ResponseState

IDLE_NS = 2_000 * NS_PER_MS
"""A response without a reported end is over when nothing was heard for this long."""


def patient_until_ns(
    state: ResponseState,
    spoken: PlannedSpeech,
    *,
    announces: bool,
    audible_ns: int,
    sound_ns: int | None,
    played_ns: int,
) -> int:
    """Return until when the caller waits for more, in monotonic nanoseconds.

    Args:
        state: How far the server has come.
        spoken: What the caller said.
        announces: Whether this server says when a response begins.
        audible_ns: When the first audible sample was heard.
        sound_ns: When the last piece that was not quiet was heard, where that is kept.
        played_ns: When what has arrived has been played.
    """
    if state is ResponseState.NONE:
        idle_ns = played_ns + IDLE_NS
        premature = audible_ns < spoken.end_ns
        return max(idle_ns, spoken.end_ns + spoken.limit_ns) if premature else idle_ns
    if announces:
        return played_ns + spoken.limit_ns
    # A server that sends silence without end is heard out when its last sound has faded.
    return (played_ns if sound_ns is None else sound_ns) + IDLE_NS
