"""What a caller does, as state machines: pacing, turns, listening, interrupting.

Pure: time and events come in as arguments, decisions go out as values. It does not know which
API is at the other end, nor that sockets exist.
"""

from harness.session.acknowledgement import Acknowledgement, stated_formats
from harness.session.call_sounds import SoundKeeper, TurnSound
from harness.session.caller import Caller
from harness.session.encoded_utterance import EncodedUtterance, WireFormat
from harness.session.event_coverage import EventCoverage, missing_events
from harness.session.grid import FrameGrid
from harness.session.hanging_up import ended_by_agent
from harness.session.heard_so_far import HeardSoFar
from harness.session.link import Link, is_retryable, run_ended
from harness.session.pacing import BACKLOG_NS
from harness.session.planned_turns import Saying
from harness.session.playout.carrier_playout import CarrierPlayout
from harness.session.playout.onset import OnsetDetector
from harness.session.playout.playout import Playout
from harness.session.ready_frames import ReadyFrames
from harness.session.said import Said
from harness.session.turn.machine import Turn
from harness.session.turn.network_lateness import NetworkLateness
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.response_state import ResponseState

__all__ = [
    "BACKLOG_NS",
    "Acknowledgement",
    "Caller",
    "CarrierPlayout",
    "EncodedUtterance",
    "EventCoverage",
    "FrameGrid",
    "HeardSoFar",
    "Link",
    "NetworkLateness",
    "OnsetDetector",
    "PlannedSpeech",
    "Playout",
    "ReadyFrames",
    "ResponseState",
    "Said",
    "Saying",
    "SoundKeeper",
    "Turn",
    "TurnSound",
    "WireFormat",
    "ended_by_agent",
    "is_retryable",
    "missing_events",
    "run_ended",
    "stated_formats",
]
