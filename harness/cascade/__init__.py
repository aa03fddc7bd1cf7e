"""A voice agent out of three parts, STT, LLM and TTS, that speaks OpenAI's Realtime words.

It is there to be measured: the same callers, networks and speech as for a speech-to-speech API,
and a log of its stages that is joined to the turns. Listening, turn detection and the words of the
protocol are the simulator's; nothing here draws a latency. It must not know the callers' side.
"""

from harness.cascade.configfile import read_cascade
from harness.cascade.providers.registry import LLM, STT, TTS, key_variables
from harness.cascade.server import Cascade, serve_cascade
from harness.cascade.settings import MODEL, CascadeConfig, ProviderSettings

__all__ = [
    "LLM",
    "MODEL",
    "STT",
    "TTS",
    "Cascade",
    "CascadeConfig",
    "ProviderSettings",
    "key_variables",
    "read_cascade",
    "serve_cascade",
]
