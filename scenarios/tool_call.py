"""Callers who ask for something that the agent looks up: the tool gap, and whether it is used.

harness run tool_call --simulator-config sim.toml        with [tools] in it; or a real API

The caller goes on by what the agent did, and notes whether it used the tool at all.
"""

from harness import Dialogue, Tool, VoiceUser, task


class Customer(VoiceUser):
    """Asks three times; every answer should come by way of the tool."""

    tools = (Tool("look_up", {"found": True}, takes={"low_ms": 200, "high_ms": 600}),)
    dialogue = Dialogue(think_ms=(300, 900))

    @task
    def ask(self) -> None:
        """Hold one call."""
        with self.call() as call:
            for _ in range(3):
                turn = call.say()
                call.expect(turn.tool == "look_up", "the agent looked it up")
