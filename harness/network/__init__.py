"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only package that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and measures the delay that the route through that address adds. It does not know audio,
turns or WebSockets.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "ApiAddress": "harness.network.toxiproxy.toxic_client",
    "Impairment": "harness.network.toxiproxy.toxic_scheduler",
    "NetworkLayer": "harness.network.layer",
    "PORTS": "harness.network.toxiproxy.ports",
    "Stream": "harness.network.tcp.traces",
    "ToxiproxyServer": "harness.network.toxiproxy.server",
    "choose_profile": "harness.network.profiles.catalogue",
    "collapse": "harness.network.profiles.catalogue",
    "find_or_install": "harness.network.toxiproxy.install",
    "installed": "harness.network.toxiproxy.install",
    "load_profiles": "harness.network.profiles.catalogue",
    "parse_api": "harness.network.toxiproxy.remote",
    "parse_ports": "harness.network.toxiproxy.ports",
}


def __getattr__(name: str) -> Any:
    """Load the HTTP client under Toxiproxy's library only for whoever speaks to a Toxiproxy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
