import base64
import json

import numpy as np

from harness.dialects import OpenAIRealtime
from harness.engine.backchannel import generated_backchannel


def test_the_generated_backchannel_is_short_loud_and_always_the_same() -> None:
    backchannel, again = (generated_backchannel(OpenAIRealtime(), 20) for _ in range(2))
    # Every message has a mask of its own.
    assert [*map(_unmasked, backchannel.messages)] == [*map(_unmasked, again.messages)]
    assert 10 <= len(backchannel.messages) <= 25
    parts = [json.loads(_unmasked(message))["audio"] for message in backchannel.messages]
    samples = np.frombuffer(b"".join(map(base64.b64decode, parts)), dtype="<i2")
    assert len(samples) == len(backchannel.messages) * 480
    assert np.abs(samples[: backchannel.end_sample]).max() > 3_000
    assert not samples[backchannel.end_sample + 1 :].any()


def _unmasked(frame: bytes) -> bytes:
    """Return the payload: the mask's 4 bytes go before it, and it fills the frame."""
    head = 8 if frame[1] & 127 == 126 else 6
    mask = np.frombuffer(frame[head - 4 : head], dtype=np.uint8)
    body = np.frombuffer(frame[head:], dtype=np.uint8)
    return bytes(body ^ np.resize(mask, len(body)))
