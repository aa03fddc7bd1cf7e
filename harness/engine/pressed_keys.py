"""Keys of a telephone as an utterance: silence, with a key at every fourth of a second.

What is pressed ends with the frame of the last key, so latency counts from when that key left.
"""

from harness.model.digits import PAUSE
from harness.session import EncodedUtterance, WireFormat

# By judgement, as quickly as people type; a tone and the gap after it take at least 90 ms
# (ITU-T Q.24, most administrations).
_APART_MS, _PAUSE_MS = 250, 500


def pressed(name: str, keys: str, wire_format: WireFormat, frame_ms: int) -> EncodedUtterance:
    """Return the utterance of pressing keys one after another.

    Args:
        name: Its id.
        keys: Keys, and pauses between them.
        wire_format: Where silence comes from.
        frame_ms: Length of a frame.
    """
    at_ms, placed = 0, dict[int, str]()
    for key in keys:
        if key == PAUSE:
            at_ms += _PAUSE_MS
        else:
            placed[at_ms // frame_ms] = key
            at_ms += _APART_MS
    count = max(placed) + 1
    return EncodedUtterance(
        utterance_id=name,
        messages=[wire_format.silence] * count,
        onset_sample=0,
        end_sample=count * wire_format.frame_samples - 1,
        keys=placed,
    )
