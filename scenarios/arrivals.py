"""Calls that begin when they begin, as customers call: an open load.

harness run arrivals                     30 calls a minute on average, for a minute
harness run arrivals --arrivals monday.csv --users 100
"""

from harness import Dialogue, VoiceUser


class Customer(VoiceUser):
    """Four turns a call; a slow API has more callers at once, not fewer calls."""

    arrivals = "30/min"
    dialogue = Dialogue(turns=4, think_ms=(300, 900))
