"""Callers who seldom let the agent finish: they cut in, give backchannels, and go on talking.

locust -f scenarios/interruptions.py --host ws://127.0.0.1:8765 --calls 20
"""

from pathlib import Path

from harness import VoiceUser


class Interrupter(VoiceUser):
    """Eight turns a call; most responses are interrupted."""

    script = Path("corpora/dialogues/interrupter.toml")
