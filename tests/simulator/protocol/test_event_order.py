from harness.simulator.protocol import event_order

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
    assert list(event_order.VAD_TURN_HEAD + event_order.TURN_TAIL) == CAPTURED


def test_manual_turn_is_the_same_without_speech_events() -> None:
    assert list(event_order.MANUAL_TURN_HEAD + event_order.TURN_TAIL) == CAPTURED[2:]


def test_text_turn_is_the_captured_one() -> None:
    assert list(event_order.TEXT_TURN) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]


def test_call_turn_has_no_content_part_and_ends_the_response() -> None:
    assert list(event_order.CALL_TURN) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]


def test_idle_turn_begins_with_its_timeout_and_goes_on_as_a_manual_one() -> None:
    assert event_order.IDLE_TURN[0] == "input_audio_buffer.timeout_triggered"
    assert list(event_order.IDLE_TURN[1:]) == CAPTURED[2:]


def test_events_are_those_of_the_tables_and_no_legacy_ones() -> None:
    assert len(event_order.EVENTS) == 31
    assert not {"conversation.created", "conversation.item.created"} & event_order.EVENTS
