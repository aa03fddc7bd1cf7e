"""The order of events, as literal tables. What is sent walks them; what is tested compares.

The order of a turn under server VAD is the captured one: the item is done before the output item,
and the rate limits come last, some milliseconds after `response.done`.
"""

# The caller's turn, as server VAD hears it.
HEARD_START = ("input_audio_buffer.speech_started",)
HEARD_STOP = ("input_audio_buffer.speech_stopped",)

# Audio becomes an item, by VAD or by the client's commit.
COMMITTED = (
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
)

# A response begins, and some time later its item opens.
RESPONSE_BEGIN = ("response.created",)
RESPONSE_OPEN = (
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
)

# In any mixture, but the transcript runs ahead.
RESPONSE_DELTAS = frozenset(
    ("response.output_audio_transcript.delta", "response.output_audio.delta")
)

# Everything after the last delta but the rate limits comes in one burst.
RESPONSE_CLOSE = (
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
)
RESPONSE_END = ("response.done",)
RATE_LIMITS = ("rate_limits.updated",)

# A whole turn without its deltas, which stand between the two halves.
VAD_TURN_HEAD = HEARD_START + HEARD_STOP + COMMITTED + RESPONSE_BEGIN + RESPONSE_OPEN
MANUAL_TURN_HEAD = COMMITTED + RESPONSE_BEGIN + RESPONSE_OPEN
TURN_TAIL = RESPONSE_CLOSE + RESPONSE_END + RATE_LIMITS

# A response cut before its item opened has nothing to close.
CUT_EARLY = RESPONSE_END + RATE_LIMITS
