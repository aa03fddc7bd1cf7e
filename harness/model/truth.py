"""What the simulator knows to be true of one response."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthRecord:
    """One response of the simulator. Instants are absolute on the monotonic clock, in ns.

    The caller's labelled speech end is a sample of the audio it sent. The truth about it is when
    the simulator received the frame that carried that sample, so the arrivals of the last
    frames before the endpoint are kept, and any label can be looked up.

    Attributes:
        session_id: The simulator's name for the session, as sent in `session.created`.
        response_id: The response, as sent in `response.created`.
        turn_index: 0 for the session's first response.
        frame_end_samples: For the last frames before the endpoint: total samples received once
            the frame was in. Ascending.
        frame_received_ns: When each of those frames was received, as the kernel stamped it where
            it does. Frames that were read together have the instant of the last one.
        heard_end_sample: Last voiced sample by the simulator's own hearing.
        endpoint_ns: When it decided that the caller had finished.
        drawn_ms: Voice-to-voice latency drawn from the preset.
        lead_silence_ms: Silence at the head of the response.
        first_audio_due_ns: When the first audio should have been released.
        first_audio_released_ns: When it was.
        first_audible_heard_ns: When a listener without a buffer hears the first audible sample:
            the later of its own release and of its turn in a playout begun at the first release.
        tool_called_ns: When it called a function; `None` when it did not.
        release_took_ns: How long sending the first audio took, or the first audible where that
            took longer: it left within so long after its instant.
        last_audio_released_ns: When the last audio was released.
        cancelled: Whether the caller interrupted it.
        fault: Name of the fault that was applied, empty for none; several are joined by `+`.
        queued_ms: Wait for capacity, on top of what was drawn.
        prompt_received_ns: When the caller's words came, where they came as text.
        first_text_released_ns: When the first text of a response in text was released.
        last_text_released_ns: When it was whole, or cut off.
        heard_start_ns: When it heard the caller begin, and stopped what it was saying; `None` when
            it did not.
    """

    session_id: str
    response_id: str
    turn_index: int
    frame_end_samples: tuple[int, ...]
    frame_received_ns: tuple[int, ...]
    heard_end_sample: int | None
    endpoint_ns: int
    drawn_ms: float
    lead_silence_ms: float
    first_audio_due_ns: int
    first_audio_released_ns: int | None = None
    first_audible_heard_ns: int | None = None
    last_audio_released_ns: int | None = None
    cancelled: bool = False
    fault: str = ""
    queued_ms: float = 0.0
    heard_start_ns: int | None = None
    tool_called_ns: int | None = None
    release_took_ns: int = 0
    prompt_received_ns: int | None = None
    first_text_released_ns: int | None = None
    last_text_released_ns: int | None = None
