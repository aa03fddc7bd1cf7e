"""What the calls of one user class are held with, as a run's manifest keeps it."""

from dataclasses import dataclass

from harness.model.audio import AudioFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTarget:
    """The target of one user class.

    Attributes:
        user_class: Its name; empty where a scenario has none.
        target: Address without credentials or query.
        dialect: Name of the wire protocol.
        model: Model asked for, empty where it is not known.
        audio: How the caller's audio is written.
        frame_ms: Length of the caller's audio frames.
        model_by_default: Nobody chose the model: it is the one that the dialect has for such cases.
    """

    user_class: str
    target: str
    dialect: str
    model: str
    audio: AudioFormat
    frame_ms: int
    model_by_default: bool = False
