"""Sockets: connect, stamp what arrives, write what is ready.

The only room that knows the WebSocket protocol on the caller's side. It does not know what
messages mean.
"""

from harness.transport.websocket import (
    Connection,
    Receiver,
    Target,
    connect,
    parse_target,
    ready_message,
    sanitised_target,
)

__all__ = [
    "Connection",
    "Receiver",
    "Target",
    "connect",
    "parse_target",
    "ready_message",
    "sanitised_target",
]
