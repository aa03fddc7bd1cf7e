"""Sockets: connect, take what arrives with the kernel's stamp, write what is ready.

The only part that knows the WebSocket protocol on the caller's side. It does not know what messages
mean.
"""

from harness.transport.http_post import JSON, ask, post
from harness.transport.opening import ConnectionTimes, connect
from harness.transport.poller import release
from harness.transport.stream import Outlet
from harness.transport.system_calls import kernel_stamps
from harness.transport.websocket import (
    Connection,
    Receiver,
    Target,
    parse_target,
    ready_message,
    sanitised_target,
)

__all__ = [
    "JSON",
    "Connection",
    "ConnectionTimes",
    "Outlet",
    "Receiver",
    "Target",
    "ask",
    "connect",
    "kernel_stamps",
    "parse_target",
    "post",
    "ready_message",
    "release",
    "sanitised_target",
]
