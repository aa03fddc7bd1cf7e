"""One API, called from three places: US East, Europe West and Tokyo, over good LTE.

harness run regions --host wss://api.openai.com --calls 60

The distances are added to the caller's own network, so run it near the API: from there, each row
shows what a caller of that region would wait.

To hold three deployments against each other instead, copy this file and give each its callers, with
the targets us, eu and ap in your harness.toml (each may have a model and a key_variable):

    class UsEast(VoiceUser):
        host = "us"
        network = "lte_good+us-east"
        dialogue = Dialogue(turns=4, think_ms=(300, 900))

    class EuWest(UsEast):
        host = "eu"
        network = "lte_good+eu-west"

    class ApTokyo(UsEast):
        host = "ap"
        network = "lte_good+tokyo"

Each class is then a row with its target. Leave out the networks where this machine itself is as far
from each as its callers are; `harness run FILE --host simulator` rehearses it.
"""

from harness import Dialogue, VoiceUser


class Caller(VoiceUser):
    """Four turns a call, from one of three regions in equal shares."""

    network = "lte_good+us-east,lte_good+eu-west,lte_good+tokyo"
    dialogue = Dialogue(turns=4, think_ms=(300, 900))
