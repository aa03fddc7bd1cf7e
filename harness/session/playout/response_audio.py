"""The audio of one turn: what arrives, what of it is heard, and where it becomes audible.

Responses come one after the other; each has its own silence at the head, so each is listened to
anew until something audible was heard. A response that is cancelled before that has not been heard
at all, and leaves no instants behind, only the count of what was delivered.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioFormat, NewDecoder, StampBound, Truncate, TurnCounts
from harness.session.playout.audio_flaw import AudioFlaw
from harness.session.playout.encoding_check import EncodingCheck
from harness.session.playout.items import Items
from harness.session.playout.kept_audio import KeptTurn
from harness.session.playout.onset import OnsetDetector
from harness.session.playout.playout import Playout
from harness.session.playout.rescaled_decoder import RescaledDecoder
from harness.session.sent_frames import SentFrames

# Jitter buffers of a headset, a browser and a telephone bridge.
_BUFFERS_MS = (20, 60, 200)
# Pieces whose level is found in one go, where nobody asks before.
_EXAMINED_AT_ONCE = 16
_NO_UNDERRUNS = tuple(Playout(1, buffer_ms).underruns() for buffer_ms in _BUFFERS_MS)


class ResponseAudio:
    """What the caller hears in a turn; all times are monotonic nanoseconds.

    Args:
        audio: How the responses are written.
        new_decoder: Makes the decoder of that audio.
        check: Whether they are written so, of this session; a new one by default.
        keep: Where what is heard is kept; `None` where it is not.

    Attributes:
        first_audio_ns: When the first audio of a response came that was not discarded unheard.
        last_audio_ns: When the last of it came.
        audible_ns: When its first audible sample is heard.
        answer_ns: The same of the first response after `expect_answer`.
        bound: By how much these two may be too late, the worse of both; `None` where it is not
            known.
        doubt: Why the first audible sample cannot be determined.
        heard_from_ns: Nothing of what comes is heard before then.
        undecodable: Pieces that could not be decoded before anything audible was.
    """

    in_text = False

    def __init__(
        self,
        audio: AudioFormat,
        new_decoder: NewDecoder,
        check: EncodingCheck | None = None,
        keep: KeptTurn | None = None,
    ) -> None:
        rate_hz = audio.rate_hz
        self.first_audio_ns: int | None = None
        self.last_audio_ns: int | None = None
        self.audible_ns: int | None = None
        self.answer_ns: int | None = None
        self.bound: StampBound | None = None
        self._sound_ns: int | None = None
        # Pieces whose level was not needed yet, and when each of them has been heard.
        self._unexamined: list[tuple[NDArray[np.int16], int | None]] = []
        self.doubt = ""
        self.undecodable = self.heard_from_ns = 0
        self._check = EncodingCheck(audio) if check is None else check
        self._new_decoder = new_decoder
        self._rate_hz, self._decoder = rate_hz, new_decoder(audio)
        self._discarded = new_decoder(audio)
        self._items = Items(rate_hz)
        self._kept = None if keep is None else keep.listen(audio, new_decoder)
        self._playout = Playout(rate_hz) if self._kept is None else self._kept.playout
        # A buffered listener has no underrun before the unbuffered one has: these are made then.
        self._buffered: list[Playout] = []
        self._onset = OnsetDetector(rate_hz)
        self._response_from = 0
        self._deltas = self._discarded_samples = 0
        self._expects_answer = self._is_answer = False

    @property
    def plays_until_ns(self) -> int | None:
        """When what has arrived is played out; `None` when nothing is to be heard."""
        return self._playout.plays_until_ns

    @property
    def sound_ns(self) -> int | None:
        """When the last piece that was not quiet has been heard; kept only while followed."""
        self._examine()
        return self._sound_ns

    @property
    def deltas(self) -> int:
        """Pieces that came."""
        return self._deltas

    @property
    def settled(self) -> bool:
        """Whether more of this response changes nothing but when it is over."""
        return self.audible_ns is not None and self._onset.settled and self._check.done

    @property
    def flaw(self) -> AudioFlaw:
        """Why it cannot be determined when the response became audible."""
        misread = self._check.misread if self.first_audio_ns is not None else ""
        return AudioFlaw(self.doubt, self.undecodable, misread)

    @property
    def kept_samples(self) -> int:
        """Samples that came and were not discarded."""
        return self._playout.samples - self._playout.unheard()

    def expect_answer(self) -> None:
        """Note that the next response answers: where it becomes audible is wanted too."""
        self._expects_answer = True

    def next_response(self) -> None:
        """Note that another response begins."""
        self.finalise()
        self._next_item()
        if self._playout.samples:
            self._make_listeners()
        for listener in (self._playout, *self._buffered):
            listener.next_response()
        self._listen_anew()

    def begin_item(self, item_id: str) -> None:
        """Note which item the audio that comes belongs to."""
        if item_id != self._items.latest:
            self._items.begin(item_id, self.kept_samples)
            self._next_item()

    def cut_off(self) -> Truncate | None:
        """Return how much was heard of the item that was playing; `None` when it has no name."""
        return self._items.cut_off(self.kept_samples)

    def write_as(self, audio: AudioFormat, check: EncodingCheck) -> None:
        """Take another format, for all audio that comes from now on."""
        self._check = check
        self._discarded = self._new_decoder(audio)
        if self._kept is not None:
            self._kept.write_as(audio)
        if self._playout.samples:
            decoder = self._new_decoder(audio)
            self._decoder = RescaledDecoder(decoder, audio.rate_hz, self._rate_hz)
            return
        self._rate_hz, self._decoder = audio.rate_hz, self._new_decoder(audio)
        self._playout, self._items = Playout(audio.rate_hz), Items(audio.rate_hz)
        if self._kept is not None:
            self._kept.playout = self._playout
        self._onset = OnsetDetector(audio.rate_hz)

    def hear(self, audio: bytes, now_ns: int, bound: StampBound | None, *, follow: bool) -> None:
        """Take a piece of a response.

        Args:
            audio: A delta as it came; what cannot be decoded holds no samples.
            now_ns: When it arrived.
            bound: How much earlier it may have arrived, `None` where not known.
            follow: Whether to keep `sound_ns`, for servers that do not say when a response ends.
        """
        self._deltas += 1
        self.last_audio_ns = now_ns
        if self.first_audio_ns is None:
            self.first_audio_ns = now_ns
        decoder = self._decoder
        if self.settled and not follow:
            self._arrived(audio, decoder.count(audio), now_ns, bound)
            return
        before = decoder.undecodable
        pcm = decoder.decode(audio)
        if self.audible_ns is None:
            self.undecodable += decoder.undecodable - before
        self._arrived(audio, len(pcm), now_ns, bound)
        if not self._onset.settled:
            self._onset.feed(pcm)
            self._note()
        if follow and self.audible_ns is not None:
            self._follow(pcm)
        if decoder.foreign:
            self._check.contradict(decoder.foreign)
        elif self.audible_ns is not None and not self._check.done:
            self._check.feed(decoder.written)

    def discard(self, audio: bytes) -> None:
        """Take a piece of a response that is over for the caller: delivered, but never heard."""
        self._deltas += 1
        self._discarded_samples += self._discarded.count(audio)

    def finalise(self) -> None:
        """Decide what is still open: no more of this response will come."""
        self._onset.close()
        self._note()
        self._check.response_over()

    def stop(self, now_ns: int) -> None:
        """Stop listening at `now_ns`, and forget a response of which nothing audible was heard."""
        self.finalise()
        self._make_listeners()
        for listener in (self._playout, *self._buffered):
            listener.stop(now_ns)
        if self.audible_ns is None or self.audible_ns >= now_ns:
            self.first_audio_ns = self.last_audio_ns = None
            self.audible_ns = self._sound_ns = self.bound = None
            self._unexamined.clear()
            self.doubt, self.undecodable = "", 0
        if self.answer_ns is not None and self.answer_ns >= now_ns:
            self.answer_ns = None
        self._listen_anew()

    def instants(self) -> Mapping[str, int | None]:
        """Return the instants of the response, by their names in `TurnInstants`."""
        flaw = self.flaw
        return {
            "first_audio_ns": self.first_audio_ns,
            "first_audible_ns": None if flaw.hides_onset else self.audible_ns,
            "answer_audible_ns": None if flaw.hides_onset else self.answer_ns,
            "last_audio_ns": self.last_audio_ns,
            "playout_end_ns": None if flaw.misread else self.plays_until_ns,
        }

    def counts(self, now_ns: int | None, sending: SentFrames) -> TurnCounts:
        """Return what went out and came in; what was not played by `now_ns` was not heard."""
        return TurnCounts(
            frames_sent=sending.frames,
            samples_sent=sending.samples,
            audio_deltas=self._deltas,
            samples_received=self._playout.samples + self._discarded_samples,
            samples_unheard=self._playout.unheard(now_ns) + self._discarded_samples,
            received_rate_hz=self._rate_hz,
            underruns=tuple(listener.underruns() for listener in self._buffered) or _NO_UNDERRUNS,
        )

    def _next_item(self) -> None:
        self._decoder.next_item()
        if self._kept is not None:
            self._kept.next_item()

    def _arrived(self, audio: bytes, samples: int, now_ns: int, bound: StampBound | None) -> None:
        if self._kept is not None:
            self._kept.add(audio, samples)
        now_ns = max(now_ns, self.heard_from_ns)
        playout, until_ns = self._playout, self._playout.plays_until_ns
        if not self._buffered and until_ns is not None and now_ns > until_ns:
            self._make_listeners()
        playout.receive(now_ns, samples, bound)
        for listener in self._buffered:
            listener.receive(now_ns, samples, bound)

    def _make_listeners(self) -> None:
        if not self._buffered:
            self._buffered = [self._playout.delayed(buffer_ms) for buffer_ms in _BUFFERS_MS]

    def _follow(self, pcm: NDArray[np.int16]) -> None:
        """Keep a piece until its level is asked for, or that of enough of them has to be found."""
        if not len(pcm):
            return
        self._unexamined.append((pcm, self.plays_until_ns))
        if len(self._unexamined) >= _EXAMINED_AT_ONCE or not self._onset.settled:
            self._examine()

    def _examine(self) -> None:
        """Find the last sound in what was kept for it."""
        if self._unexamined:
            last = self._onset.last_loud([piece for piece, _ in self._unexamined])
            if last is not None:
                self._sound_ns = self._unexamined[last][1]
            self._unexamined.clear()

    def _listen_anew(self) -> None:
        self._examine()
        if self.audible_ns is None or (self._expects_answer and self.answer_ns is None):
            self._is_answer = self._expects_answer
            self._onset = OnsetDetector(self._rate_hz)
            self._response_from = self._playout.samples

    def _note(self) -> None:
        self.doubt = self.doubt or self._onset.doubt
        found = self._onset.audible_sample
        if found is None:
            return
        if self.undecodable and self.audible_ns is None:
            self.doubt = "audio before it could not be decoded"
        sample = self._response_from + found
        is_answer = self._is_answer and self.answer_ns is None
        if self.audible_ns is None or is_answer:
            self._note_bound(self._playout.bound_of(sample))
        if self.audible_ns is None:
            self.audible_ns = self._playout.heard_ns(sample)
            self._sound_ns = self.plays_until_ns
        if is_answer:
            self.answer_ns = self._playout.heard_ns(sample)

    def _note_bound(self, bound: StampBound | None) -> None:
        """Keep the bound of the first sound, or that of the answer if it is larger."""
        if self.audible_ns is None:
            self.bound = bound
        elif self.bound is not None:
            self.bound = None if bound is None else max(self.bound, bound, key=sum)
