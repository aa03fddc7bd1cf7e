"""A Realtime server whose true latencies are known.

It shares no code with the callers' side of the wire (dialects, session, transport): a fault in
one must not cancel out in the other.
"""

from harness.simulator.presets import DEFAULT_PRESET, PRESETS, Preset
from harness.simulator.server import Simulator, serve
from harness.simulator.settings import SimulatorConfig, find_preset

__all__ = [
    "DEFAULT_PRESET",
    "PRESETS",
    "Preset",
    "Simulator",
    "SimulatorConfig",
    "find_preset",
    "serve",
]
