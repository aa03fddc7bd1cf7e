"""What the service refuses: codes and messages of its error catalogue.

None of these ends a session. `Refused` is raised where a client's event cannot be carried out and
becomes one `error` event.
"""

from dataclasses import dataclass

CLIENT_EVENTS = (
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.delete",
    "conversation.item.truncate",
    "response.create",
    "response.cancel",
)


@dataclass(eq=False)
class Refused(Exception):
    """One client event that is refused.

    Attributes:
        code: The service's code, `None` where it gives none.
        message: What is wrong, in words.
        param: Dotted path of the field it is about.
    """

    code: str | None
    message: str
    param: str | None = None


def _quoted(text: str) -> str:
    """Return foreign text in quotes and bounded, for a message."""
    return repr(text if len(text) <= 80 else text[:79] + "…")


def not_json() -> Refused:
    """Return the refusal of a text that is not JSON."""
    return Refused("invalid_json", "The message is not valid JSON.")


def binary_frame() -> Refused:
    """Return the refusal of a binary frame."""
    return Refused("invalid_event", "Events are JSON in text frames; a binary frame was received.")


def no_type() -> Refused:
    """Return the refusal of an event without a type."""
    return Refused("invalid_event", "An event needs a 'type' that is a string.", "type")


def unknown_type(name: str) -> Refused:
    """Return the refusal of an event of an unknown type."""
    known = ", ".join(f"'{event}'" for event in CLIENT_EVENTS)
    return Refused(
        "invalid_value", f"Invalid value: {_quoted(name)}. Supported values are: {known}.", "type"
    )


def missing(param: str) -> Refused:
    """Return the refusal of an event that lacks a field."""
    return Refused("missing_required_parameter", f"Missing required parameter: '{param}'.", param)


def unknown(param: str) -> Refused:
    """Return the refusal of an unknown field."""
    return Refused("unknown_parameter", f"Unknown parameter: {_quoted(param)}.", param[:80])


def invalid(param: str, expected: str) -> Refused:
    """Return the refusal of a value, saying what would have been accepted."""
    return Refused("invalid_value", f"Invalid value for '{param}': expected {expected}.", param)


def not_simulated(param: str, given: object, expected: str) -> Refused:
    """Return the refusal of what the service has and this server has not, by its name."""
    words = f"{expected!r}; {_quoted(str(given))} is not simulated here"
    return invalid(param, words)


def no_responses(kind: str) -> Refused:
    """Return the refusal to answer in a session that only transcribes (code not captured)."""
    return Refused(
        "invalid_value",
        f"Invalid value: '{kind}' has no meaning in a transcription session.",
        "type",
    )


def too_small(param: str, least: int) -> Refused:
    """Return the refusal of an integer below its minimum."""
    return Refused(
        "integer_below_min_value",
        f"Invalid '{param}': integer below minimum value. Expected a value >= {least}.",
        param,
    )


def commit_empty(buffered_ms: float) -> Refused:
    """Return the refusal of a commit of too little audio."""
    return Refused(
        "input_audio_buffer_commit_empty",
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of"
        f" audio, but buffer only has {buffered_ms:.2f}ms of audio.",
    )


def nothing_to_cancel() -> Refused:
    """Return the refusal of a cancellation; clients look for how the message begins."""
    return Refused("response_cancel_not_active", "Cancellation failed: no active response found")


def already_active(response_id: str) -> Refused:
    """Return the refusal of a second response."""
    return Refused(
        "conversation_already_has_active_response",
        f"Conversation already has an active response in progress: {response_id}. Wait until"
        " the response is finished before creating a new one.",
    )


def no_such_item(doing: str, item_id: str) -> Refused:
    """Return the refusal to delete, retrieve or truncate an item that is not there."""
    gerund = {"delete": "deleting", "retrieve": "retrieving", "truncate": "truncating"}[doing]
    return Refused(
        f"item_{doing}_invalid_item_id",
        f"Error {gerund} item: the item with id {_quoted(item_id)} does not exist.",
        "item_id",
    )


def duplicate_item(item_id: str) -> Refused:
    """Return the refusal of an item whose id is taken."""
    return Refused(
        "item_create_duplicate_item_id",
        f"Error creating item: the item with id {_quoted(item_id)} already exists.",
        "item.id",
    )


def no_previous_item(item_id: str) -> Refused:
    """Return the refusal to insert after an item that is not there (code not captured)."""
    return Refused(
        "item_not_found",
        f"Error creating item: the previous item with id {_quoted(item_id)} does not exist.",
        "previous_item_id",
    )


def not_model_audio() -> Refused:
    """Return the refusal to truncate what the model did not say."""
    return Refused(None, "Only model output audio messages can be truncated.")


def already_shorter(have_ms: int, asked_ms: int) -> Refused:
    """Return the refusal to truncate past the end."""
    return Refused(
        "invalid_value",
        f"Audio content of {have_ms}ms is already shorter than {asked_ms}ms",
        "audio_end_ms",
    )


def voice_is_set() -> Refused:
    """Return the refusal to change the voice once it has been heard."""
    return Refused(
        "cannot_update_voice",
        "Cannot update a conversation's voice if assistant audio is present.",
        "session.audio.output.voice",
    )
