"""What does endpointing cost? The same callers under four ways of telling that they have finished.

harness run endpointing --calls 40       ten calls of each; compare the rows of the table

Callers of `Manual` say themselves when they have finished, so that the rest of the latency is the
model's and the network's. Against that row, each of the others shows what its waiting costs.
"""

from typing import Any

from harness import Dialogue, VoiceUser


def detected_by(detection: dict[str, Any] | None) -> dict[str, Any]:
    """Return a session with this turn detection, and our defaults otherwise."""
    return {"audio": {"input": {"turn_detection": detection}}}


def server_vad(silence_ms: int) -> dict[str, Any]:
    """Return detection by silence of this length."""
    return detected_by({"type": "server_vad", "silence_duration_ms": silence_ms})


class Manual(VoiceUser):
    """No detection: the caller commits with the frame that ends the speech."""

    dialogue = Dialogue(turns=4, think_ms=(300, 900))
    session = detected_by(None)


class Silence200(VoiceUser):
    """200 ms of silence end a turn; pauses inside an utterance do so too."""

    dialogue = Dialogue(turns=4, think_ms=(300, 900))
    session = server_vad(200)


class Silence500(VoiceUser):
    """500 ms of silence end a turn, as by default."""

    dialogue = Dialogue(turns=4, think_ms=(300, 900))
    session = server_vad(500)


class Silence800(VoiceUser):
    """800 ms of silence end a turn: patient, and slow."""

    dialogue = Dialogue(turns=4, think_ms=(300, 900))
    session = server_vad(800)
