"""The same load for long: does anything become slower, leak or fall over with time?

harness run soak                         100 callers for half an hour
harness run soak --users 40 --run-time 8h
"""

from harness import Dialogue, StagedShape, VoiceUser


class Conversation(VoiceUser):
    """Twelve turns a call with longer pauses: sessions that live for minutes."""

    dialogue = Dialogue(turns=12, think_ms=(500, 2500))


class Level(StagedShape):
    """Up within a minute, and level for half an hour."""

    stages = ((60, 100), (1800, 100))
