"""The text of one turn as a carrier speaks it: what came, and what of it the caller has heard.

No audio exists. Only the clock of the call needs the carrier's synthesis: a caller speaks when the
response has been spoken, or into it. It is taken to begin with the first text and to go on at one
pace, and no record keeps an instant of it. Stands where `ResponseAudio` stands in a turn in audio.
"""

from collections.abc import Mapping

from harness.model import AudioFormat, Interrupted, StampBound, TurnCounts
from harness.session.playout.audio_flaw import AudioFlaw
from harness.session.playout.encoding_check import EncodingCheck
from harness.session.playout.playout import Playout
from harness.session.sent_frames import SentFrames

CHARACTER_MS = 66
"""How long a character is taken to be spoken, spaces included.

By judgement: about 150 words a minute, the usual pace of recorded English, at six characters a
word. What voices a carrier has, and how soon they begin, is not in it.
"""

_MS_HZ = 1_000
_NO_FLAW = AudioFlaw()
# Of what is being spoken so much is kept, for the carrier to tell how far it came.
_MOST_CHARACTERS = 20_000


class SpokenText:
    """What the caller hears in a turn in text; all times are monotonic nanoseconds.

    Attributes:
        first_ns: When the first text of a response came that was not discarded.
        audible_ns: The same: it is spoken as soon as it comes.
        bound: By how much that may be too late; `None` where it is not known.
        heard_from_ns: Nothing: text is spoken as soon as it comes.
    """

    in_text = True
    answer_ns = sound_ns = None
    flaw = _NO_FLAW

    def __init__(self) -> None:
        self.audible_ns: int | None = None
        self.bound: StampBound | None = None
        # One sample is a millisecond of speech.
        self._playout = Playout(_MS_HZ)
        self._said = ""
        self._pieces = self._discarded_ms = self.heard_from_ns = 0

    @property
    def first_audio_ns(self) -> int | None:
        """When the response began."""
        return self.audible_ns

    @property
    def plays_until_ns(self) -> int | None:
        """When what has come has been spoken; `None` when nothing is to be heard."""
        return self._playout.plays_until_ns

    @property
    def kept_samples(self) -> int:
        """Milliseconds of speech that came and were not discarded."""
        return self._playout.samples - self._playout.unheard()

    def hear(self, text: bytes, now_ns: int, bound: StampBound | None, *, follow: bool) -> None:
        """Take a piece of text that arrived at `now_ns`, or earlier by no more than `bound`."""
        words = text.decode()
        self._pieces += 1
        if self.audible_ns is None:
            self.audible_ns, self.bound = now_ns, bound
        self._said += words[: _MOST_CHARACTERS - len(self._said)]
        self._playout.receive(now_ns, len(words) * CHARACTER_MS, bound)

    def discard(self, text: bytes) -> None:
        """Take a piece of a response that is over for the caller, or that answers nothing."""
        self._pieces += 1
        self._discarded_ms += len(text.decode()) * CHARACTER_MS

    def next_response(self) -> None:
        """Note that another response begins: it is spoken after the one before."""

    def finalise(self) -> None:
        """Decide nothing: the first text is known as such when it comes."""

    def expect_answer(self) -> None:
        """Expect nothing: the caller's application runs no tools."""

    def write_as(self, audio: AudioFormat, check: EncodingCheck) -> None:
        """Change nothing: text has no format."""

    def begin_item(self, item_id: str) -> None:
        """Note nothing: text has no items."""

    def stop(self, now_ns: int) -> None:
        """Stop speaking at `now_ns`."""
        self._playout.stop(now_ns)

    def cut_off(self) -> Interrupted:
        """Return what had been spoken when the caller began to speak."""
        spoken_ms = self.kept_samples
        return Interrupted(self._said[: spoken_ms // CHARACTER_MS], spoken_ms)

    def instants(self) -> Mapping[str, int | None]:
        """Return the instants of the response, by their names in `TurnInstants`."""
        return {"first_text_ns": self.audible_ns}

    def counts(self, _now_ns: int | None, _sending: SentFrames) -> TurnCounts:
        """Return the pieces of text that came; there are no samples and no frames."""
        return TurnCounts(audio_deltas=self._pieces)
