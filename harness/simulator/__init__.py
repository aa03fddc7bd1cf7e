"""A Realtime server whose true latencies are known.

It has its own words, its own sense of time and its own view of a turn: a fault of the callers' side
(dialects, session, transport) must not cancel out here. One thing is shared, the socket whose
arrivals the kernel stamps, in `wire.stamped_listener`; an import contract keeps it at that.
"""

from harness.simulator.chance.faults import FAULTS, FaultRule, parse_fault
from harness.simulator.chance.presets import DEFAULT_PRESET, NULL_PRESET, PRESETS, Part, Preset
from harness.simulator.configfile import read_config
from harness.simulator.server import Simulator, serve
from harness.simulator.settings import SimulatorConfig, find_preset
from harness.simulator.timing.call_load import CallLoad, CallRule
from harness.simulator.timing.capacity import Capacity, CapacityRule
from harness.simulator.voice.recognising import TranscriptRule, frames_of
from harness.simulator.voice.recorded import Answer, answers_from
from harness.simulator.voice.spoken_answers import DeltaSizes
from harness.simulator.voice.tools import ToolRule, parse_tool
from harness.simulator.wire.upgrade import SIMULATED_PATHS

__all__ = [
    "DEFAULT_PRESET",
    "FAULTS",
    "NULL_PRESET",
    "PRESETS",
    "SIMULATED_PATHS",
    "Answer",
    "CallLoad",
    "CallRule",
    "Capacity",
    "CapacityRule",
    "DeltaSizes",
    "FaultRule",
    "Part",
    "Preset",
    "Simulator",
    "SimulatorConfig",
    "ToolRule",
    "TranscriptRule",
    "answers_from",
    "find_preset",
    "frames_of",
    "parse_fault",
    "parse_tool",
    "read_config",
    "serve",
]
