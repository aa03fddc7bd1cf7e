"""What a cascade (STT, LLM, TTS) knows of the stages of one response."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One response of a cascade. Instants are absolute on the monotonic clock, in ns.

    An instant is `None` where the response never came so far. The last frames before the endpoint
    are kept, as in a `TruthRecord`, so that any labelled end of speech can be looked up.

    Attributes:
        session_id: The cascade's name for the session, as sent in `session.created`.
        response_id: The response, as sent in `response.created`.
        frame_end_samples: For the last frames before the endpoint: total samples received once
            the frame was in. Ascending.
        frame_received_ns: When each of those frames was received, as the kernel stamped it where
            it does.
        endpoint_ns: When the caller was taken to have finished, or the client asked for the
            response.
        transcript_ns: When the final transcript was there; `None` as well where the response
            answers no speech.
        first_token_ns: When the first piece of the answer's text came.
        first_sentence_ns: When its first sentence was whole and went to TTS.
        tts_first_byte_ns: When the first audio came from TTS.
        first_audio_sent_ns: When the first audio went to the caller.
        cancelled: Whether the caller or the client interrupted it.
        failed_stage: `stt`, `llm` or `tts` where a provider failed, else empty.
        failure: What it said, in words; empty where nothing failed.
        providers: Which provider and model did each stage, by the stage's name: such as
            `openai whisper-1`, and `openai whisper-1 at 127.0.0.1:8000` where that is not the
            provider's usual address.
        heard_s: Audio that was transcribed for it, in seconds.
        tokens_in: Tokens that the LLM read, `None` where it did not say.
        tokens_out: Tokens that it wrote, likewise.
        characters: Characters that TTS was given.
    """

    session_id: str
    response_id: str
    frame_end_samples: tuple[int, ...]
    frame_received_ns: tuple[int, ...]
    endpoint_ns: int
    transcript_ns: int | None = None
    first_token_ns: int | None = None
    first_sentence_ns: int | None = None
    tts_first_byte_ns: int | None = None
    first_audio_sent_ns: int | None = None
    cancelled: bool = False
    failed_stage: str = ""
    failure: str = ""
    providers: dict[str, str] = field(default_factory=dict)
    heard_s: float = 0.0
    tokens_in: int | None = None
    tokens_out: int | None = None
    characters: int = 0
