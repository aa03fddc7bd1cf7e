"""Long calls: does latency grow, and cost, as the conversation becomes long?

harness run long_call --users 5 --calls 5

Look at latency by turn, and at what `harness cost` says of growth over a call.
"""

from harness import Dialogue, VoiceUser


class Talker(VoiceUser):
    """Thirty turns with pauses to think: some ten minutes."""

    dialogue = Dialogue(turns=30, think_ms=(500, 2_500))
