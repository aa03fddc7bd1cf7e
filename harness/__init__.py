"""Load testing and latency benchmarking for realtime voice APIs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.load import (
        CallEnded,
        Dialogue,
        MeasuredTurn,
        ReactingCall,
        StagedShape,
        Tool,
        VoiceUser,
        between,
        constant,
        constant_pacing,
        tag,
        task,
    )

__all__ = [
    "CallEnded",
    "Dialogue",
    "MeasuredTurn",
    "ReactingCall",
    "StagedShape",
    "Tool",
    "VoiceUser",
    "between",
    "constant",
    "constant_pacing",
    "tag",
    "task",
]


def __getattr__(name: str) -> Any:
    """Import what scenarios are written with only for them: Locust patches the whole process."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import load

    return getattr(load, name)
