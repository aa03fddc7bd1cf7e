"""One file per API: wire messages to neutral events and back.

Pure. A dialect knows a vendor's words and nothing of time, sockets or what a turn means.
"""

from harness.dialects.base import (
    CallQueued,
    Dialect,
    DialectFacts,
    DialectSession,
    IncomingCall,
    MalformedMessage,
    Role,
    SessionSettings,
)
from harness.dialects.openai import OpenAIRealtime
from harness.dialects.registry import DEFAULT_DIALECT, DIALECTS, choose_dialect, find_dialect
from harness.dialects.session_wishes import NO_WISHES, SessionWishes

__all__ = [
    "DEFAULT_DIALECT",
    "DIALECTS",
    "NO_WISHES",
    "CallQueued",
    "Dialect",
    "DialectFacts",
    "DialectSession",
    "IncomingCall",
    "MalformedMessage",
    "OpenAIRealtime",
    "Role",
    "SessionSettings",
    "SessionWishes",
    "choose_dialect",
    "find_dialect",
]
