"""How far the network of a turn was from its plan while its latency was measured.

The session knows nothing of networks: it is given a callable to ask.
"""

from collections.abc import Callable

from harness.model import TurnInstants

NetworkLateness = Callable[[str, int, int], int]
"""Given a session and two monotonic instants, returns for how many nanoseconds between them the
session's network was not in the planned state."""


def measured_part_ns(at: TurnInstants) -> tuple[int, int] | None:
    """Return the part of a turn in which the network affects its latency, since run start.

    It lasts from the end of speech to the first audible sample, or to the last instant that is
    known of the turn; `None` where the speech has no end or nothing is known after it.
    """
    known = (
        *(at.first_audible_ns, at.playout_end_ns, at.last_audio_ns),
        *(at.first_audio_ns, at.first_text_ns, at.last_frame_sent_ns),
    )
    ended_ns = next((instant_ns for instant_ns in known if instant_ns is not None), None)
    if at.speech_end_ns is None or ended_ns is None:
        return None
    return at.speech_end_ns, ended_ns


def late_ns(
    lateness: NetworkLateness | None, session_id: str, at: TurnInstants, origin_ns: int
) -> int | None:
    """Return for how long the network was late in the measured part of a turn.

    Args:
        lateness: What to ask; `None` for a network that is not to change.
        session_id: Whose network.
        at: The turn's instants.
        origin_ns: Run start, which they count from.

    Returns:
        Nanoseconds; `None` for a network that is not to change or a turn without a measured part.
    """
    part = measured_part_ns(at)
    if lateness is None or part is None:
        return None
    began_ns, ended_ns = part
    return lateness(session_id, began_ns + origin_ns, ended_ns + origin_ns)
