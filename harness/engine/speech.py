"""Speech as ready messages, shared by all sessions of a process: bounded in memory.

What is kept is what goes out, one message a frame, so that sending a frame is one write. The
utterances of a call that goes on are never given up; of the others the least recently used go
first. Those that are missing are encoded in a thread of their own before their call begins, so
that neither the loop that carries the audio nor the callers wait for a disk.
"""

import sys
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

import gevent
import gevent.lock
import numpy as np
from numpy.typing import NDArray

from harness.corpus import Corpus, EncodedStore, cut_frames, megabytes, silence_frame
from harness.dialects import Dialect
from harness.dialects.raw_audio import RawAudio
from harness.engine.backchannel import GENERATED, generated_samples
from harness.engine.pressed_keys import pressed
from harness.engine.prompts import in_words
from harness.engine.shared_frames import shared_frame
from harness.environment import cache_dir
from harness.errors import BadInput
from harness.model import NS_PER_S, Encoding, Progress, digits_of
from harness.session import EncodedUtterance, WireFormat

MEMORY_MB = "HARNESS_SPEECH_MEMORY_MB"
"""Environment variable: most ready speech that a process keeps in memory, in megabytes."""

_MEMORY_MB = 256
_POINTER_BYTES = 8


class Speech:
    """The utterances of a corpus as one dialect sends them.

    Args:
        corpus: The speech.
        dialect: Whose messages carry it.
        frame_ms: Length of a frame.
        limit_s: How long callers wait for a response.
        cache: The user's cache folder.
        most_bytes: Most memory that utterances take while no call needs more.
    """

    def __init__(
        self,
        corpus: Corpus,
        dialect: Dialect,
        frame_ms: int,
        limit_s: float,
        *,
        cache: Path,
        most_bytes: int,
    ) -> None:
        audio = dialect.audio
        frame_samples = audio.frame_samples(frame_ms)
        self._dialect, self._frame_ms, self._most_bytes = dialect, frame_ms, most_bytes
        self._store = EncodedStore(corpus, audio, cache)
        self._known = {clip.id: clip for clip in corpus.clips}
        self._clips = len(corpus.clips)
        self._kept: OrderedDict[str, EncodedUtterance] = OrderedDict()
        self._spoken: Counter[str] = Counter()
        self._making = gevent.lock.Semaphore()
        self.bytes_kept = 0
        self.wire_format = WireFormat(
            silence=self._ready(silence_frame(audio, frame_samples)),
            frame_samples=frame_samples,
            audio=audio,
            new_decoder=dialect.decoder,
            limit_ns=round(limit_s * NS_PER_S),
            acknowledges_settings=dialect.facts.acknowledges_settings,
            in_text=dialect.facts.in_text,
            queued=dialect.facts.marks_playback,
        )

    @property
    def presses_keys(self) -> bool:
        """Whether keys of a telephone can be pressed."""
        return self._dialect.facts.presses_keys

    def prepare(self, names: Iterable[str], progress: Progress) -> None:
        """Make utterances ready before they are needed, in this order, as far as memory goes.

        Raises:
            BadInput: There is no such clip, or its file has gone or changed.
        """
        progress.step("Encoding speech", "clips")
        for name in names:
            if name in self._kept:
                continue
            utterance = self._made(name)
            if self.bytes_kept + _size_bytes(utterance) > self._most_bytes:
                break
            self._keep(name, utterance)
            progress.advance(len(self._kept), self._clips)
            if len(self._kept) == self._clips:
                break
        size_mb, most_mb = self.bytes_kept / 1e6, self._most_bytes >> 20
        progress.step(
            f"Speech: {len(self._kept)} of {self._clips} clips are ready and take {size_mb:.1f} MB"
            f" of memory, of at most {most_mb} MB"
        )

    def take(self, names: Sequence[str]) -> list[EncodedUtterance]:
        """Return the utterances of a call, which stay in memory until `release`.

        Greenlets wait while an utterance is made; the thread they share does not.

        Raises:
            BadInput: There is no such clip, or its file has gone or changed; nothing is taken.
        """
        self._spoken.update(names)
        try:
            return [self._kept_or_made(name) for name in names]
        except BaseException:
            self.release(names)
            raise

    def release(self, names: Sequence[str]) -> None:
        """Release the speech of a call that has ended."""
        self._spoken -= Counter(names)
        self._forget_some()

    def encode(self, name: str) -> EncodedUtterance:
        """Make one utterance at once and keep nothing of it.

        Raises:
            BadInput: There is no such clip, or its file has gone or changed.
        """
        if keys := digits_of(name):
            return pressed(name, keys, self.wire_format, self._frame_ms)
        if self.wire_format.in_text:
            return in_words(self._known[name], self.wire_format)
        encoded, audio = self._store.get(name), self._dialect.audio
        frames = cut_frames(encoded, audio, self._frame_ms)
        return EncodedUtterance(
            utterance_id=name,
            messages=[self._ready(frame) for frame in frames],
            onset_sample=encoded.onset_sample,
            end_sample=encoded.end_sample,
            levels=_levels(frames) if audio.encoding is Encoding.PCM16 else b"",
        )

    def sound(self, name: str) -> NDArray[np.int16]:
        """Return the samples of an utterance as it is sent, int16, shape (n,), in any thread.

        Raises:
            BadInput: There is no such clip, or its file has gone or changed.
        """
        audio = self._dialect.audio
        if name == GENERATED:
            return generated_samples(audio.rate_hz)
        return RawAudio(audio).decode(self._store.get(name).audio)

    def _kept_or_made(self, name: str) -> EncodedUtterance:
        if name not in self._kept:
            # One at a time: others may be waiting for the very same utterance.
            with self._making:
                if name not in self._kept:
                    self._keep(name, self._made(name))
        self._kept.move_to_end(name)
        return self._kept[name]

    def _made(self, name: str) -> EncodedUtterance:
        """Make an utterance in another thread; only this greenlet waits."""

        def make() -> EncodedUtterance | BadInput:
            # An exception that left the thread would be printed there as well.
            try:
                return self.encode(name)
            except BadInput as error:
                return error

        made: EncodedUtterance | BadInput = gevent.get_hub().threadpool.apply(make)
        if isinstance(made, BadInput):
            raise made
        return made

    def _keep(self, name: str, utterance: EncodedUtterance) -> None:
        self._kept[name] = utterance
        self.bytes_kept += _size_bytes(utterance)
        self._forget_some()

    def _forget_some(self) -> None:
        """Drop what no call needs, the least recently used first, until the rest fits."""
        for name in tuple(self._kept) if self.bytes_kept > self._most_bytes else ():
            if self._spoken[name] == 0:
                self.bytes_kept -= _size_bytes(self._kept.pop(name))
                if self.bytes_kept <= self._most_bytes:
                    return

    def _ready(self, frame: bytes) -> bytes:
        return shared_frame(self._dialect, frame)


def memory_bytes() -> int:
    """Return how much ready speech a process may keep: 256 MB by default.

    Raises:
        BadInput: The environment says no number.
    """
    return megabytes(MEMORY_MB, _MEMORY_MB)


def encode_corpus(
    corpus: Corpus, dialect: Dialect, frame_ms: int, limit_s: float
) -> tuple[dict[str, EncodedUtterance], WireFormat]:
    """Encode every utterance of a small corpus at once.

    Args:
        corpus: The speech.
        dialect: Whose messages carry it.
        frame_ms: Length of a frame.
        limit_s: How long callers wait for a response.

    Returns:
        Encoded utterances by id, and how callers behave on the wire.
    """
    speech = Speech(corpus, dialect, frame_ms, limit_s, cache=cache_dir(), most_bytes=0)
    return {clip.id: speech.encode(clip.id) for clip in corpus.clips}, speech.wire_format


def _levels(frames: Sequence[bytes]) -> bytes:
    """Return how loud each frame of PCM16 is: a byte for every 0.75 dB of mean power."""
    samples = np.frombuffer(b"".join(frames), dtype="<i2").astype(np.float32)
    power = np.mean(samples.reshape(len(frames), -1) ** 2, axis=1)
    return bytes(np.rint(4 * np.log2(1 + power)).astype(np.uint8))


def _size_bytes(utterance: EncodedUtterance) -> int:
    return sum(sys.getsizeof(message) + _POINTER_BYTES for message in utterance.messages)
