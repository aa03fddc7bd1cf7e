"""What a caller does, as state machines: pacing, turns, listening, interrupting.

Pure: time and events come in as arguments, decisions go out as values. It does not know which
API is at the other end, nor that sockets exist.
"""

from harness.session.caller import Session
from harness.session.encoded_utterance import Line, Manner
from harness.session.event_coverage import Telling, untold
from harness.session.grid import FrameGrid
from harness.session.link import Link, is_retryable
from harness.session.playout.onset import OnsetDetector
from harness.session.playout.playout import Listener
from harness.session.ready_frames import Ahead
from harness.session.turn.machine import Turn
from harness.session.turn.planned_speech import Spoken
from harness.session.turn.response_state import Reply

__all__ = [
    "Ahead",
    "FrameGrid",
    "Line",
    "Link",
    "Listener",
    "Manner",
    "OnsetDetector",
    "Reply",
    "Session",
    "Spoken",
    "Telling",
    "Turn",
    "is_retryable",
    "untold",
]
