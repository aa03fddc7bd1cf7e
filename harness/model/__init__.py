"""The nouns every room speaks in: frozen dataclasses, validated on construction.

This room knows nothing of files, sockets, clocks or vendors. A noun that two rooms need lives
here; arithmetic on it lives in the room that needs the arithmetic, except for the conversion
between samples and nanoseconds, which everyone must do alike.
"""

from harness.model.audio import AudioFormat, Encoding, ns_from_samples, samples_from_ns
from harness.model.events import (
    AudioDelta,
    Event,
    InputCommitted,
    Notice,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    ToolCall,
)
from harness.model.network import (
    Direction,
    FaultKind,
    NetworkAccount,
    NetworkFault,
    NetworkProfile,
    ProxyCost,
    RealisedNetwork,
    Stage,
    StallFigures,
)
from harness.model.plan import CallPlan, TurnConduct
from harness.model.progress import Progress, Unshown
from harness.model.requests import AskReply, Request, ToolResult, Truncate
from harness.model.run import Run, RunEvent, RunEventKind, RunManifest, Spread
from harness.model.session import SessionRecord
from harness.model.speech import Clip, CorpusFacts, Utterance
from harness.model.truth import TruthRecord
from harness.model.turn import (
    BargeIn,
    Conducted,
    TokenUsage,
    TurnCounts,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
    Underruns,
)

__all__ = [
    "AskReply",
    "AudioDelta",
    "AudioFormat",
    "BargeIn",
    "CallPlan",
    "Clip",
    "Conducted",
    "CorpusFacts",
    "Direction",
    "Encoding",
    "Event",
    "FaultKind",
    "InputCommitted",
    "NetworkAccount",
    "NetworkFault",
    "NetworkProfile",
    "Notice",
    "Progress",
    "ProviderError",
    "ProxyCost",
    "RealisedNetwork",
    "Request",
    "ResponseCreated",
    "ResponseDone",
    "ResponseStatus",
    "Run",
    "RunEvent",
    "RunEventKind",
    "RunManifest",
    "SessionConfigured",
    "SessionCreated",
    "SessionRecord",
    "SpeechStarted",
    "SpeechStopped",
    "Spread",
    "Stage",
    "StallFigures",
    "TextDelta",
    "TokenUsage",
    "ToolCall",
    "ToolResult",
    "Truncate",
    "TruthRecord",
    "TurnConduct",
    "TurnCounts",
    "TurnInstants",
    "TurnKind",
    "TurnRecord",
    "TurnStatus",
    "Underruns",
    "Unshown",
    "Utterance",
    "ns_from_samples",
    "samples_from_ns",
]
