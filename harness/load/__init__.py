"""Callers under Locust: who calls when, and one native event-loop thread that carries the audio.

The only package that knows Locust and gevent. Locust schedules and distributes callers and shows
them live; it never supplies a published number.
"""

from typing import TYPE_CHECKING, Any

from harness.plan import Dialogue

if TYPE_CHECKING:
    from harness.load.shapes import StagedShape
    from harness.load.user import VoiceUser

__all__ = ["Dialogue", "StagedShape", "VoiceUser"]


def __getattr__(name: str) -> Any:
    """Import Locust only for a scenario: it patches the whole process when it is imported."""
    if name == "VoiceUser":
        from harness.load.user import VoiceUser

        return VoiceUser
    if name == "StagedShape":
        from harness.load.shapes import StagedShape

        return StagedShape
    raise AttributeError(name)
