"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only room that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and says what the way through that address really costs. It does not know audio, turns
or WebSockets.
"""

from harness.network.impairment import Impairment
from harness.network.install import find_or_install, installed
from harness.network.layer import NetworkLayer
from harness.network.mix import Mix, choose_network, parse_mix
from harness.network.ports import PORTS, parse_ports
from harness.network.profiles import choose_profile, collapse, load_profiles
from harness.network.remote import parse_api
from harness.network.server import ToxiproxyServer
from harness.network.traces import Stream
from harness.network.updates import Api

__all__ = [
    "PORTS",
    "Api",
    "Impairment",
    "Mix",
    "NetworkLayer",
    "Stream",
    "ToxiproxyServer",
    "choose_network",
    "choose_profile",
    "collapse",
    "find_or_install",
    "installed",
    "load_profiles",
    "parse_api",
    "parse_mix",
    "parse_ports",
]
