"""One API, called from three places: US East, Europe West and Tokyo, over good LTE.

harness run regions --host wss://api.openai.com --calls 60

The distances are added to the caller's own network, so run it near the API: from there, each row
shows what a caller of that region would wait.
"""

from harness import Dialogue, VoiceUser


class Caller(VoiceUser):
    """Four turns a call, from one of three regions in equal shares."""

    network = "lte_good+us-east,lte_good+eu-west,lte_good+tokyo"
    dialogue = Dialogue(turns=4, think_ms=(300, 900))
