"""An agent that greets: callers wait for the end of the greeting before they speak.

harness run agent_speaks_first --host wss://voice.example.com/v1/realtime --calls 20

The greeting has a metric of its own, from when the session was ready to its first sound. An agent
that does not greet is waited for as long as for a response, and the record says so.
"""

from harness import Dialogue, VoiceUser


class Guest(VoiceUser):
    """Four turns after the greeting."""

    agent_speaks_first = True
    dialogue = Dialogue(turns=4, think_ms=(300, 900))
