"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only package that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and measures the delay that the route through that address adds. It does not know audio,
turns or WebSockets.
"""

from harness.network.layer import NetworkLayer
from harness.network.profiles.catalogue import choose_profile, collapse, load_profiles
from harness.network.tcp.traces import Stream
from harness.network.toxiproxy.install import find_or_install, installed
from harness.network.toxiproxy.ports import PORTS, parse_ports
from harness.network.toxiproxy.remote import parse_api
from harness.network.toxiproxy.server import ToxiproxyServer
from harness.network.toxiproxy.toxic_client import ApiAddress
from harness.network.toxiproxy.toxic_scheduler import Impairment

__all__ = [
    "PORTS",
    "ApiAddress",
    "Impairment",
    "NetworkLayer",
    "Stream",
    "ToxiproxyServer",
    "choose_profile",
    "collapse",
    "find_or_install",
    "installed",
    "load_profiles",
    "parse_api",
    "parse_ports",
]
