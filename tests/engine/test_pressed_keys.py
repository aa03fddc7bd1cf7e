from harness.engine.pressed_keys import pressed
from harness.session import WireFormat
from tests.session.answering import WIRE_FORMAT


def keys_of(keys: str, frame_ms: int = 20) -> dict[int, str]:
    wire: WireFormat = WIRE_FORMAT
    utterance = pressed("dtmf:x", keys, wire, frame_ms)
    assert set(utterance.messages) == {wire.silence}
    # What is pressed ends with the frame of the last key.
    assert max(utterance.keys) == len(utterance.messages) - 1
    assert utterance.end_sample == len(utterance.messages) * wire.frame_samples - 1
    return dict(utterance.keys)


def test_keys_are_a_quarter_of_a_second_apart_and_pauses_half_of_one() -> None:
    assert keys_of("1") == {0: "1"}
    assert keys_of("12#") == {0: "1", 12: "2", 25: "#"}
    assert keys_of("1w2") == {0: "1", 37: "2"}
    assert keys_of("12", frame_ms=100) == {0: "1", 2: "2"}
    assert len(keys_of("1" * 64, frame_ms=200)) == 64
