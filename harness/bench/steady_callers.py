"""The scenario of capacity measurements: callers who talk until they are stopped."""

from harness.bench.workload import THINK_MS, TURNS
from harness.load import Dialogue, VoiceUser


class SteadyCaller(VoiceUser):
    """Says what the other clients of a measurement say, as often."""

    dialogue = Dialogue(turns=TURNS, think_ms=THINK_MS)
