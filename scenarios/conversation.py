"""Callers who talk a few turns with the agent, think in between, and call again.

locust -f scenarios/conversation.py --host ws://127.0.0.1:8765 --network lte_good
"""

from harness import Dialogue, VoiceUser


class Conversation(VoiceUser):
    """Six turns a call; pauses before speaking from the lively end of human conversation."""

    dialogue = Dialogue(turns=6, think_ms=(300, 900))
