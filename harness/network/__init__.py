"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only room that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and says what the way through that address really costs. It does not know audio, turns
or WebSockets.
"""

from harness.network.install import find_or_install
from harness.network.layer import NetworkLayer
from harness.network.profiles import choose_profile, load_profiles
from harness.network.server import ToxiproxyServer

__all__ = [
    "NetworkLayer",
    "ToxiproxyServer",
    "choose_profile",
    "find_or_install",
    "load_profiles",
]
