"""Callers under Locust: who calls when, and one native event-loop thread that carries the audio.

The only room that knows Locust and gevent. Locust schedules and distributes callers and shows
them live; it never supplies a published number.
"""

from harness.load.user import VoiceUser
from harness.session import Dialogue

__all__ = ["Dialogue", "VoiceUser"]
