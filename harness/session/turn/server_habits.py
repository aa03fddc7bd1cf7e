"""What a session has shown so far of how its server reports: a turn is read by it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerHabits:
    """What is known of a server when a turn begins.

    Attributes:
        reports_end: Whether it reports the end of turns; `None` while not known.
        reports_done: Whether it has reported the end of a response in this session.
        owes_answer: It heard the end of the turn before and has not answered it: the first response
            that comes may be the late answer to that one.
    """

    reports_end: bool | None = None
    reports_done: bool = False
    owes_answer: bool = False


NO_HABITS = ServerHabits()
"""Nothing is known yet."""
