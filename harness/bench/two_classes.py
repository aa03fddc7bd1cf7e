"""A scenario of two user classes, three calls to one: each with a dialogue of its own."""

from harness.bench.behaviour_truth import TURNS, WEIGHTS
from harness.bench.child_process import end_with_parent
from harness.load import Dialogue, VoiceUser

# Whoever measures may be killed and cannot end the run then.
end_with_parent()


class Frequent(VoiceUser):
    """Calls three times as often."""

    weight = WEIGHTS["Frequent"]
    dialogue = Dialogue(turns=TURNS["Frequent"], think_ms=(0, 50))


class Rare(VoiceUser):
    """Says more in a call."""

    weight = WEIGHTS["Rare"]
    dialogue = Dialogue(turns=TURNS["Rare"], think_ms=(0, 50))
