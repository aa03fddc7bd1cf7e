"""Speech in an API's own bytes: encoded once, kept on disk by content, within a bound.

What is kept depends on nothing but the audio and the format, so it is shared by every run and every
frame length. An hour takes 173 MB as PCM16 at 24 kHz and 29 MB as G.711.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.encoding.bounded_cache import BoundedFolder
from harness.corpus.encoding.utterances import load_clip
from harness.corpus.encoding.wire import encode, silence_frame
from harness.corpus.sources.obtain import Corpus
from harness.environment import setting
from harness.errors import BadInput, sanitised
from harness.model import AudioFormat, Clip, Utterance

DISK_MB = "HARNESS_SPEECH_DISK_MB"
"""Environment variable: most encoded speech that the cache keeps on disk, in megabytes."""

_DISK_MB = 2_048
_SHORTEST_FRAME_MS, _LONGEST_FRAME_MS = 10, 200
_EDITION = b"harness.encoded/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One utterance in the bytes of a format.

    Attributes:
        audio: Its samples as they travel.
        onset_sample: Index of the first sample of speech, at the format's rate.
        end_sample: Index of the last sample of speech.
    """

    audio: bytes
    onset_sample: int
    end_sample: int


class EncodedStore:
    """The utterances of a corpus in one format; several threads may ask at once.

    Args:
        corpus: Speech.
        fmt: How the bytes are written.
        cache: The user's cache folder.
    """

    def __init__(self, corpus: Corpus, fmt: AudioFormat, cache: Path) -> None:
        self._corpus, self._fmt = corpus, fmt
        self._folder = encoded_folder(cache)
        self._clips = {clip.id: clip for clip in corpus.clips}

    def get(self, clip_id: str) -> Encoded:
        """Return an utterance, from disk or from its recording.

        Raises:
            BadInput: There is no such clip, or its file has gone or changed.
        """
        clip = self._clips.get(clip_id)
        if clip is None:
            raise BadInput(f"has no clip {clip_id}", where=f"corpus {self._corpus.facts.name}")
        key, rate_hz = self._key(clip), self._fmt.rate_hz
        audio = self._folder.get(key)
        if audio is None:
            utterance = load_clip(self._corpus, clip, rate_hz)
            audio = encode(utterance.samples, self._fmt.encoding)
            self._folder.put(key, audio)
        last = len(audio) // self._fmt.encoding.bytes_per_sample - 1
        return Encoded(
            audio=audio,
            onset_sample=round(clip.speech_start_s * rate_hz),
            end_sample=min(round(clip.speech_end_s * rate_hz), last),
        )

    def _key(self, clip: Clip) -> str:
        """Return a digest of everything the encoded audio depends on; marks are no part of it."""
        cut = f"{clip.offset_s:.6f} {clip.duration_s:.6f} {clip.channel}"
        about = f"{clip.sha256} {cut} {self._fmt.rate_hz} {self._fmt.encoding}"
        return hashlib.sha256(_EDITION + about.encode()).hexdigest()


def encode_utterance(utterance: Utterance, fmt: AudioFormat) -> Encoded:
    """Return an utterance that is in memory in the bytes of a format.

    Raises:
        ValueError: It has another sample rate than the format.
    """
    if utterance.rate_hz != fmt.rate_hz:
        raise ValueError(
            f"utterance {utterance.id} is at {utterance.rate_hz} Hz, not {fmt.rate_hz} Hz"
        )
    return Encoded(
        audio=encode(utterance.samples, fmt.encoding),
        onset_sample=utterance.speech_onset_sample,
        end_sample=utterance.speech_end_sample,
    )


def cut_frames(encoded: Encoded, fmt: AudioFormat, frame_ms: int) -> list[bytes]:
    """Return an utterance as frames of equal length, the last filled up with silence.

    Raises:
        BadInput: Frames of this length are not sent.
    """
    if not _SHORTEST_FRAME_MS <= frame_ms <= _LONGEST_FRAME_MS:
        raise BadInput(
            f"frames are {_SHORTEST_FRAME_MS} to {_LONGEST_FRAME_MS} ms long, not {frame_ms}",
            where="frame length",
        )
    samples = fmt.frame_samples(frame_ms)
    size = samples * fmt.encoding.bytes_per_sample
    silence = silence_frame(fmt, samples)
    pieces = [encoded.audio[at : at + size] for at in range(0, len(encoded.audio), size)]
    return [piece + silence[len(piece) :] for piece in pieces]


def encoded_folder(cache: Path) -> BoundedFolder:
    """Return where encoded speech is kept, bounded as the user's environment says.

    Raises:
        BadInput: It says no number.
    """
    return BoundedFolder(cache / "encoded", disk_bytes())


def disk_bytes() -> int:
    """Return how much encoded speech the cache may keep on disk: 2 GB by default.

    Raises:
        BadInput: The environment says no number.
    """
    return megabytes(DISK_MB, _DISK_MB)


def megabytes(name: str, otherwise: int) -> int:
    """Return the bytes that a variable of the environment states in megabytes.

    Raises:
        BadInput: It is no number from 0 up.
    """
    said = setting(name)
    if said is None:
        return otherwise << 20
    if not (said.isascii() and said.isdecimal()):
        raise BadInput(f"{sanitised(said)} is no number of megabytes", where=name)
    return int(said) << 20
