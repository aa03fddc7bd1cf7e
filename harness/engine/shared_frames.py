"""Outgoing audio frames: encoded once for all sessions, numbered for each where the API asks it.

A message that is the same for every session is made ready once and written as it is. Where an API
numbers its audio messages, only the encoded audio is shared, and the envelope is made as it leaves.
"""

from collections.abc import Callable

from harness.dialects import Dialect, DialectSession
from harness.transport import ready_message

NOTHING = b""
"""A frame of a call in text: speech takes its time, and is not sent."""


def shared_frame(dialect: Dialect, frame: bytes) -> bytes:
    """Return what all sessions share of the message that carries a frame.

    Args:
        dialect: Whose message it is.
        frame: Raw audio in the dialect's format.
    """
    if dialect.facts.in_text:
        return NOTHING
    message = dialect.append_audio(frame)
    return message if dialect.facts.stamps_frames else ready_message(message)


def frame_writer(
    dialect: Dialect, session: DialectSession, write: Callable[[bytes], None]
) -> Callable[[bytes], None]:
    """Return what sends a shared frame on a session's connection.

    Args:
        dialect: Whose message it is.
        session: The session that numbers it.
        write: Writes one ready message.
    """
    if dialect.facts.in_text:
        return _take_time
    if not dialect.facts.stamps_frames:
        return write
    stamped = session.frame

    def write_stamped(encoded: bytes) -> None:
        write(ready_message(stamped(encoded)))

    return write_stamped


def _take_time(_nothing: bytes) -> None:
    """Send nothing."""
