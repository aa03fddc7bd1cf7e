"""Suddenly many callers, and then few again: does the API hold, and how soon is it as before?

harness run spike                        10 callers, 80 for a minute, 10 again
harness run spike --users 400 --run-time 12m
"""

from harness import Dialogue, StagedShape, VoiceUser


class Conversation(VoiceUser):
    """Six turns a call, as in conversation.py."""

    dialogue = Dialogue(turns=6, think_ms=(300, 900))


class Spike(StagedShape):
    """Level, up within five seconds, level for a minute, down, and level to see it recover."""

    stages = ((10, 10), (60, 10), (5, 80), (60, 80), (5, 10), (120, 10))
