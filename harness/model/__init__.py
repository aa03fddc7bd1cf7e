"""The nouns every package uses: frozen dataclasses, validated on construction.

This package knows nothing of files, sockets, clocks or vendors. A noun that two packages need lives
here; arithmetic on it lives in the package that needs the arithmetic, except for the conversion
between samples and nanoseconds, which everyone must do alike.
"""

from harness.model.audio import AudioFormat, Encoding, ns_from_samples, samples_from_ns
from harness.model.carrier import CarrierAccount
from harness.model.cascade_summary import CascadeSummary
from harness.model.check import Check
from harness.model.class_target import ClassTarget
from harness.model.decoder import AudioDecoder, NewDecoder
from harness.model.digits import are_digits, digits_id, digits_of
from harness.model.events import (
    PROVES_SESSION,
    AudioDelta,
    CallEnded,
    CallerTranscript,
    Event,
    InputCommitted,
    Notice,
    OfResponse,
    Owed,
    PlaybackCleared,
    PlaybackMark,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokensReported,
    ToolCall,
)
from harness.model.network import (
    DIRECT,
    Direction,
    FaultKind,
    NetworkFault,
    NetworkProfile,
    ProxyOverhead,
    RealisedNetwork,
    Stage,
    StallFigures,
    UpdateStats,
)
from harness.model.plan import CallPlan, TurnBehaviour
from harness.model.progress import NoProgress, Progress
from harness.model.recording import RecordedFor, Recording
from harness.model.requests import (
    CancelResponse,
    CommitTurn,
    CutOff,
    Interrupted,
    PressKey,
    Request,
    RequestResponse,
    ToolResult,
    Truncate,
)
from harness.model.run import (
    ArrivalStamps,
    DurationSummary,
    MergedRun,
    Run,
    RunEvent,
    RunEventKind,
    RunManifest,
)
from harness.model.session import SessionRecord
from harness.model.session_settings import AskedSession, PromptSize, SettingAnswer
from harness.model.speech import Clip, CorpusFacts, Utterance
from harness.model.stages import StageRecord
from harness.model.stamp import EXACT, StampBound
from harness.model.summary import SUMMARY_SCHEMA, Summary
from harness.model.tool import ToolAnswer, ToolEnd
from harness.model.truth import TruthRecord
from harness.model.turn import (
    ERROR_LIMIT_NS,
    BargeIn,
    BehaviourOutcome,
    TokenUsage,
    TurnCounts,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
    Underruns,
    add_up,
)
from harness.model.understanding import CallerWords, UnderstoodSummary
from harness.model.units import NS_PER_MS, NS_PER_S, NS_PER_US
from harness.model.validity_summary import ValidityState
from harness.model.vendor_account import VendorAccount
from harness.model.wire import BinaryMessage

__all__ = [
    "DIRECT",
    "ERROR_LIMIT_NS",
    "EXACT",
    "NS_PER_MS",
    "NS_PER_S",
    "NS_PER_US",
    "PROVES_SESSION",
    "SUMMARY_SCHEMA",
    "ArrivalStamps",
    "AskedSession",
    "AudioDecoder",
    "AudioDelta",
    "AudioFormat",
    "BargeIn",
    "BehaviourOutcome",
    "BinaryMessage",
    "CallEnded",
    "CallPlan",
    "CallerTranscript",
    "CallerWords",
    "CancelResponse",
    "CarrierAccount",
    "CascadeSummary",
    "Check",
    "ClassTarget",
    "Clip",
    "CommitTurn",
    "CorpusFacts",
    "CutOff",
    "Direction",
    "DurationSummary",
    "Encoding",
    "Event",
    "FaultKind",
    "InputCommitted",
    "Interrupted",
    "MergedRun",
    "NetworkFault",
    "NetworkProfile",
    "NewDecoder",
    "NoProgress",
    "Notice",
    "OfResponse",
    "Owed",
    "PlaybackCleared",
    "PlaybackMark",
    "PressKey",
    "Progress",
    "PromptSize",
    "ProviderError",
    "ProxyOverhead",
    "RealisedNetwork",
    "RecordedFor",
    "Recording",
    "Request",
    "RequestResponse",
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
    "SettingAnswer",
    "SpeechStarted",
    "SpeechStopped",
    "Stage",
    "StageRecord",
    "StallFigures",
    "StampBound",
    "Summary",
    "TextDelta",
    "TokenUsage",
    "TokensReported",
    "ToolAnswer",
    "ToolCall",
    "ToolEnd",
    "ToolResult",
    "Truncate",
    "TruthRecord",
    "TurnBehaviour",
    "TurnCounts",
    "TurnInstants",
    "TurnKind",
    "TurnRecord",
    "TurnStatus",
    "Underruns",
    "UnderstoodSummary",
    "UpdateStats",
    "Utterance",
    "ValidityState",
    "VendorAccount",
    "add_up",
    "are_digits",
    "digits_id",
    "digits_of",
    "ns_from_samples",
    "samples_from_ns",
]
