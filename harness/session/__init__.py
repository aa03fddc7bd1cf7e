"""What a caller does, as state machines: pacing, turns, listening, interrupting.

Pure: time and events come in as arguments, decisions go out as values. It does not know which
API is at the other end, nor that sockets exist.
"""

from harness.session.ahead import Ahead
from harness.session.calibration import Bias, calibrate
from harness.session.dialogue import draw_dialogue
from harness.session.grid import FrameGrid
from harness.session.line import Line, Manner
from harness.session.link import Link, is_retryable
from harness.session.listener import Listener
from harness.session.onset import OnsetDetector
from harness.session.onset_table import ONSET_TABLE
from harness.session.reply import Reply
from harness.session.schedule import Dialogue, Seeds, draw_call, schedule_hash
from harness.session.script import Script, parse_script
from harness.session.session import Session
from harness.session.spoken import Spoken
from harness.session.telling import Telling, untold
from harness.session.turn import Turn

__all__ = [
    "ONSET_TABLE",
    "Ahead",
    "Bias",
    "Dialogue",
    "FrameGrid",
    "Line",
    "Link",
    "Listener",
    "Manner",
    "OnsetDetector",
    "Reply",
    "Script",
    "Seeds",
    "Session",
    "Spoken",
    "Telling",
    "Turn",
    "calibrate",
    "draw_call",
    "draw_dialogue",
    "is_retryable",
    "parse_script",
    "schedule_hash",
    "untold",
]
