from harness.simulator import orders

# As captured from the service; written out here so that the table itself cannot drift.
CAPTURED = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


def test_turn_under_server_vad_is_the_captured_one() -> None:
    assert list(orders.VAD_TURN_HEAD + orders.TURN_TAIL) == CAPTURED


def test_manual_turn_is_the_same_without_speech_events() -> None:
    assert list(orders.MANUAL_TURN_HEAD + orders.TURN_TAIL) == CAPTURED[2:]
