"""What is drawn before anything is sent: which call says what, when, and through which network.

Pure: everything follows from seeds that are passed in. It knows neither audio bytes, nor sockets,
nor outcomes.
"""

from harness.plan.arrivals import Arrivals, parse_arrivals, parse_calls_per_minute
from harness.plan.dialogue import draw_dialogue
from harness.plan.network_mix import Mix, choose_network, parse_mix
from harness.plan.pairing import Pairing, pair, with_conditions
from harness.plan.schedule import Dialogue, Seeds, draw_call, schedule_hash
from harness.plan.script import Script, parse_script

__all__ = [
    "Arrivals",
    "Dialogue",
    "Mix",
    "Pairing",
    "Script",
    "Seeds",
    "choose_network",
    "draw_call",
    "draw_dialogue",
    "pair",
    "parse_arrivals",
    "parse_calls_per_minute",
    "parse_mix",
    "parse_script",
    "schedule_hash",
    "with_conditions",
]
