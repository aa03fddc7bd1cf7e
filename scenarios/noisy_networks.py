"""The same callers at home, on the road and at the edge of coverage, side by side.

harness run noisy_networks --calls 60

Each network is a row of its own. Without one, calls of `ideal` tell what the network added.
"""

from harness import Dialogue, VoiceUser


class Mobile(VoiceUser):
    """Four turns a call, through one of four networks in equal shares."""

    network = "ideal,wifi_busy,lte_good,lte_poor"
    dialogue = Dialogue(turns=4, think_ms=(300, 900))
