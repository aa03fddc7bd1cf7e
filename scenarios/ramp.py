"""Callers become more, step by step: up to how many does the API answer as fast as before?

harness run ramp                         20, 40 and 60 callers, two minutes each
harness run ramp --users 300 --run-time 30m
"""

from harness import Dialogue, StagedShape, VoiceUser


class Conversation(VoiceUser):
    """Six turns a call, as in conversation.py."""

    dialogue = Dialogue(turns=6, think_ms=(300, 900))


class Steps(StagedShape):
    """Up within 15 s, then level for two minutes, three times."""

    stages = ((15, 20), (120, 20), (15, 40), (120, 40), (15, 60), (120, 60))
