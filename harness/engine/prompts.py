"""Utterances as the prompts of calls in text: their words, after the time they took to be spoken.

A carrier sends the caller's words when its recogniser takes the utterance for ended. How long that
takes is the carrier's affair: a prompt is due when the speech has ended, at the end of a frame.
"""

from collections.abc import Iterable

from harness.engine.shared_frames import NOTHING
from harness.errors import BadInput, sanitised
from harness.model import Clip
from harness.session import EncodedUtterance, WireFormat

PROMPT_BYTES = 150
"""About how long the message of a prompt is: what networks are probed with in place of frames."""

_MOST_NAMED = 5


def in_words(clip: Clip, wire_format: WireFormat) -> EncodedUtterance:
    """Return the utterance of a clip: as many frames as its speech takes, and its words.

    Args:
        clip: Where the words are, and how long they took.
        wire_format: Where the length of a frame comes from.

    Raises:
        BadInput: Nobody knows what is said in it.
    """
    require_words([clip])
    spoken_s = clip.speech_end_s - clip.speech_start_s
    frames = max(1, -(-round(spoken_s * wire_format.rate_hz) // wire_format.frame_samples))
    return EncodedUtterance(
        utterance_id=clip.id,
        messages=[NOTHING] * frames,
        onset_sample=0,
        end_sample=frames * wire_format.frame_samples - 1,
        words=clip.transcript.strip(),
    )


def require_words(clips: Iterable[Clip], where: str = "a dialect in text") -> None:
    """Refuse clips that cannot be sent as text.

    Args:
        clips: Which.
        where: Who asks.

    Raises:
        BadInput: Some have no transcript; names the first of them.
    """
    silent = [clip.id for clip in clips if not clip.transcript.strip()]
    if not silent:
        return
    more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
    raise BadInput(
        f"no transcript of {sanitised(', '.join(silent[:_MOST_NAMED]))}{more}",
        where=where,
        hint="Add the words as transcript in the corpus manifest, or choose another corpus",
    )
