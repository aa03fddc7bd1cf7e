"""An utterance as frames ready to be sent, and the wire format of callers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.model import NS_PER_MS, AudioFormat, NewDecoder, samples_from_ns
from harness.session.call_sounds import SoundKeeper
from harness.session.said import Said

# A pause is inserted where the voice is lowest within this distance of the drawn position.
_LOOK_AROUND_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedUtterance:
    """An utterance ready to be sent.

    Attributes:
        utterance_id: What is said.
        messages: One ready message per frame.
        onset_sample: Labelled first sample of speech.
        end_sample: Labelled last sample of speech.
        levels: How loud each frame is, one byte a frame; empty when that is not known.
        pause_at: Sample before which a pause was made that its recording does not have.
        pause_samples: Length of that pause, 0 for none.
        keys: Keys of the telephone that are pressed with a frame, by its number.
        words: What is said, where it goes out as text; empty messages then only take its time.
    """

    utterance_id: str
    messages: Sequence[bytes]
    onset_sample: int
    end_sample: int
    levels: bytes = b""
    pause_at: int = 0
    pause_samples: int = 0
    keys: Mapping[int, str] = field(default_factory=dict)
    words: str = ""

    def said(self, start_ns: int) -> Said:
        """Return what is said when its first sample is spoken at `start_ns`."""
        return Said(
            utterance_id=self.utterance_id,
            start_ns=start_ns,
            pause_at=self.pause_at,
            pause_samples=self.pause_samples,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFormat:
    """How callers of a run send and receive audio.

    Attributes:
        silence: One ready message of silence, sent whenever the caller is silent.
        frame_samples: Samples per frame.
        audio: Format of both directions, unless the server acknowledges another one.
        new_decoder: Makes the decoder of the audio of responses.
        limit_ns: How long a caller waits for a response.
        acknowledges_settings: Whether the server says which settings it took.
        in_text: Utterances go out, and responses come, as text.
        queued: Whether audio is played in the order in which it came until it is taken back, as
            carriers do; elsewhere another response puts an end to the one before.
        keeper: Who keeps what is said and heard, for recordings; `None` for nobody.
    """

    silence: bytes
    frame_samples: int
    audio: AudioFormat
    new_decoder: NewDecoder
    limit_ns: int
    acknowledges_settings: bool = True
    in_text: bool = False
    queued: bool = False
    keeper: SoundKeeper | None = None

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self.audio.rate_hz


def hesitant(
    utterance: EncodedUtterance, wire_format: WireFormat, pause_ms: float, at: float
) -> EncodedUtterance:
    """Return the utterance with a pause inside its speech.

    Args:
        utterance: What is said.
        wire_format: Where silence comes from.
        pause_ms: Length of the pause; it takes whole frames, at least one.
        at: Where, as a share of the speech. The pause goes between the quietest frames nearby,
            and never outside the speech.

    Returns:
        The longer utterance; the same one where its speech is too short for a pause, or keys are
        pressed.
    """
    frame = wire_format.frame_samples
    # A pause before frame k parts the speech when frame k begins inside it.
    first, last = utterance.onset_sample // frame + 1, utterance.end_sample // frame
    if last < first or utterance.keys:
        return utterance
    wanted = round(
        (utterance.onset_sample + at * (utterance.end_sample - utterance.onset_sample)) / frame
    )
    before = _quietest(utterance.levels, first, last, min(max(wanted, first), last), wire_format)
    pause_samples = samples_from_ns(round(pause_ms * NS_PER_MS), wire_format.rate_hz)
    pause = max(1, round(pause_samples / frame))
    messages = list(utterance.messages)
    messages[before:before] = [wire_format.silence] * pause
    return replace(
        utterance,
        messages=messages,
        end_sample=utterance.end_sample + pause * frame,
        levels=b"",
        pause_at=before * frame,
        pause_samples=pause * frame,
    )


def _quietest(levels: bytes, first: int, last: int, wanted: int, wire_format: WireFormat) -> int:
    """Return the frame from `first` to `last` before which a pause cuts the least sound off."""
    if not levels:
        return wanted
    around = max(1, _LOOK_AROUND_MS * wire_format.rate_hz // (1000 * wire_format.frame_samples))
    nearby = range(max(first, wanted - around), min(last, wanted + around) + 1)

    def loudness(frame: int) -> tuple[int, int]:
        return max(levels[frame - 1], levels[frame]), abs(frame - wanted)

    return min(nearby, key=loudness)
