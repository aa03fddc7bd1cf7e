"""The order of events, as literal tables. What is sent walks them; what is tested compares.

The order of a turn under server VAD is the captured one: the item is done before the output item,
and the rate limits come last, some milliseconds after `response.done`.
"""

# The caller's turn, as server VAD finds it, or when the idle timeout passes without speech.
HEARD_START = ("input_audio_buffer.speech_started",)
HEARD_STOP = ("input_audio_buffer.speech_stopped",)
IDLE = ("input_audio_buffer.timeout_triggered",)

# Audio becomes an item, by VAD or by the client's commit.
COMMITTED = (
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
)
# An item that the client creates.
CREATED = ("conversation.item.added", "conversation.item.done")

# A response begins, and some time later its item opens.
RESPONSE_BEGIN = ("response.created",)
RESPONSE_OPEN = (
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
)
# A function call has no content part.
CALL_OPEN = ("response.output_item.added", "conversation.item.added")

# Interleaved in any way, but the transcript runs ahead.
RESPONSE_DELTAS = frozenset(
    ("response.output_audio_transcript.delta", "response.output_audio.delta")
)
TEXT_DELTAS = frozenset(("response.output_text.delta",))
CALL_DELTAS = frozenset(("response.function_call_arguments.delta",))
DELTAS = RESPONSE_DELTAS | TEXT_DELTAS | CALL_DELTAS

# Everything after the last delta but the rate limits comes in one burst.
RESPONSE_CLOSE = (
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
)
TEXT_CLOSE = (
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
)
CALL_CLOSE = (
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
)
RESPONSE_END = ("response.done",)
RATE_LIMITS = ("rate_limits.updated",)

# Whole turns without their deltas, which stand between the two halves.
VAD_TURN_HEAD = HEARD_START + HEARD_STOP + COMMITTED + RESPONSE_BEGIN + RESPONSE_OPEN
MANUAL_TURN_HEAD = COMMITTED + RESPONSE_BEGIN + RESPONSE_OPEN
TURN_TAIL = RESPONSE_CLOSE + RESPONSE_END + RATE_LIMITS
TEXT_TURN = CREATED + RESPONSE_BEGIN + RESPONSE_OPEN + TEXT_CLOSE + RESPONSE_END + RATE_LIMITS
CALL = CALL_OPEN + CALL_CLOSE
CALL_TURN = RESPONSE_BEGIN + CALL + RESPONSE_END + RATE_LIMITS
PREAMBLE_TURN = RESPONSE_BEGIN + RESPONSE_OPEN + RESPONSE_CLOSE + CALL + RESPONSE_END + RATE_LIMITS
IDLE_TURN = IDLE + COMMITTED + RESPONSE_BEGIN + RESPONSE_OPEN + TURN_TAIL

# A response cut before its item opened, or one that fails, has nothing to close.
CUT_EARLY = RESPONSE_END + RATE_LIMITS
FAILED = RESPONSE_BEGIN + RESPONSE_END + RATE_LIMITS

# Out of band, a response leaves no trace in the conversation.
NOT_OUT_OF_BAND = frozenset(("conversation.item.added", "conversation.item.done"))

# Transcripts of the caller arrive at any time, tied to nothing but their item.
TRANSCRIBED = ("conversation.item.input_audio_transcription.completed",)
NOT_TRANSCRIBED = ("conversation.item.input_audio_transcription.failed",)
TRANSCRIPT_DELTAS = frozenset(("conversation.item.input_audio_transcription.delta",))

# Answers to single events of the client, and events sent unasked.
ANSWERS = frozenset(
    (
        "session.created",
        "session.updated",
        "input_audio_buffer.cleared",
        "conversation.item.retrieved",
        "conversation.item.deleted",
        "conversation.item.truncated",
        "error",
    )
)

# Every event there is.
EVENTS = (
    frozenset(VAD_TURN_HEAD + TURN_TAIL + TEXT_TURN + CALL_TURN + IDLE_TURN)
    | frozenset(TRANSCRIBED + NOT_TRANSCRIBED)
    | DELTAS
    | TRANSCRIPT_DELTAS
    | ANSWERS
)
