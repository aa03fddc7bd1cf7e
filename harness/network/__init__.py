"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only room that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and says what the way through that address really costs. It does not know audio, turns
or WebSockets.
"""

from harness.network.impairment import Impairment
from harness.network.install import find_or_install
from harness.network.layer import NetworkLayer
from harness.network.ledger import Account
from harness.network.mix import choose_network, parse_mix
from harness.network.profiles import choose_profile, collapse, load_profiles
from harness.network.remote import parse_api
from harness.network.server import ToxiproxyServer
from harness.network.traces import Stream
from harness.network.updates import Api

__all__ = [
    "Account",
    "Api",
    "Impairment",
    "NetworkLayer",
    "Stream",
    "ToxiproxyServer",
    "choose_network",
    "choose_profile",
    "collapse",
    "find_or_install",
    "load_profiles",
    "parse_api",
    "parse_mix",
]
