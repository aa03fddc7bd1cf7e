"""Speech turned into ready messages, once for all sessions of a process."""

from harness.clock import NS_PER_S
from harness.corpus import Corpus, frames, load_utterances, silence_frame
from harness.dialects import Dialect
from harness.session import Line, Manner
from harness.transport import ready_message


def encode_corpus(
    corpus: Corpus, dialect: Dialect, frame_ms: int, limit_s: float
) -> tuple[dict[str, Line], Manner]:
    """Encode every utterance of a corpus.

    Args:
        corpus: The speech.
        dialect: Whose messages carry it.
        frame_ms: Length of a frame.
        limit_s: How long callers wait for a reply.

    Returns:
        Lines by utterance, and how callers behave on the wire.
    """
    audio = dialect.audio
    frame_samples = audio.frame_samples(frame_ms)

    def ready(frame: bytes) -> bytes:
        return ready_message(dialect.append_audio(frame))

    lines = {
        name: Line(
            utterance_id=name,
            messages=[ready(frame) for frame in frames(utterance, audio, frame_samples)],
            onset_sample=utterance.speech_onset_sample,
            end_sample=utterance.speech_end_sample,
        )
        for name, utterance in load_utterances(corpus, audio.rate_hz).items()
    }
    manner = Manner(
        silence=ready(silence_frame(audio, frame_samples)),
        frame_samples=frame_samples,
        rate_hz=audio.rate_hz,
        limit_ns=round(limit_s * NS_PER_S),
    )
    return lines, manner
