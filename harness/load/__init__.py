"""Callers under Locust: who calls when, and one native event-loop thread that carries the audio.

The only package that knows Locust, which schedules and distributes callers and shows them live; it
never supplies a published number.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locust import between, constant, constant_pacing, tag, task

    from harness.load.measured_turn import MeasuredTurn
    from harness.load.reacting_call import CallEnded, ReactingCall
    from harness.load.shapes import StagedShape
    from harness.load.user import VoiceUser
    from harness.plan import Dialogue
    from harness.plan.tools import Tool

__all__ = [
    "CallEnded",
    "Dialogue",
    "MeasuredTurn",
    "ReactingCall",
    "StagedShape",
    "Tool",
    "VoiceUser",
    "between",
    "constant",
    "constant_pacing",
    "tag",
    "task",
]

# What is imported from Locust is its own, so that a scenario needs one import.
_HOMES = {
    "CallEnded": "harness.load.reacting_call",
    "Dialogue": "harness.plan",
    "MeasuredTurn": "harness.load.measured_turn",
    "ReactingCall": "harness.load.reacting_call",
    "StagedShape": "harness.load.shapes",
    "Tool": "harness.plan.tools",
    "VoiceUser": "harness.load.user",
    "between": "locust",
    "constant": "locust",
    "constant_pacing": "locust",
    "tag": "locust",
    "task": "locust",
}


def __getattr__(name: str) -> Any:
    """Import Locust only for a scenario: it patches the whole process when it is imported."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Its own import takes the patches before anything else does.
    import_module("harness.load.user")
    return getattr(import_module(_HOMES[name]), name)
