"""The scenario of capacity measurements: callers who talk until they are stopped."""

from harness.bench.child_process import end_with_parent
from harness.bench.workload import THINK_MS, TURNS
from harness.load import Dialogue, VoiceUser

# Whoever measures may be killed and cannot end the run then.
end_with_parent()


class SteadyCaller(VoiceUser):
    """Says what the other clients of a measurement say, as often."""

    dialogue = Dialogue(turns=TURNS, think_ms=THINK_MS)
