"""Transcripts that are true: what callers say is known by its very samples.

Nobody recognises speech here. A caller who replays a recording of a corpus sends its frames sample
by sample, so a frame names the utterance. A share of the words can be made wrong, to see whether
that share is found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from harness.corpus import Corpus, load_utterance
from harness.errors import BadInput
from harness.simulator.voice.sound_formats import PCM, SoundFormat

# Frames of 20 ms, as callers send them by default.
_FRAME_BYTES = PCM.rate_hz // 50 * PCM.sample_bytes
_DIGEST_BYTES = 8
_WRONG = "blah"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRule:
    """What transcripts of the caller are made of.

    Attributes:
        corpus: What callers say.
        wrong: Share of words that are replaced, from 0 to 1.
        frames: The transcript of the one clip that has a frame, by the frame's digest; filled in by
            the code that starts the server.
    """

    corpus: str
    wrong: float = 0.0
    frames: Mapping[bytes, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.wrong <= 1:
            raise BadInput("wrong is a share from 0 to 1", where="transcription")


def frames_of(corpus: Corpus) -> dict[bytes, str]:
    """Return the transcript of each frame that only one transcript has."""
    found: dict[bytes, str] = {}
    shared: set[bytes] = set()
    for clip in (one for one in corpus.clips if one.transcript):
        audio = PCM.encode(load_utterance(corpus, clip.id, PCM.rate_hz).samples)
        for at in range(0, len(audio) - _FRAME_BYTES + 1, _FRAME_BYTES):
            name = _digest(audio[at : at + _FRAME_BYTES])
            if found.setdefault(name, clip.transcript) != clip.transcript:
                shared.add(name)
    return {name: text for name, text in found.items() if name not in shared}


class Recogniser:
    """Knows what the caller of one session says.

    Args:
        rule: What callers may say, and how much of it is understood.
        seed: Of the simulator.
        session: Number of the session.
    """

    def __init__(self, rule: TranscriptRule, seed: int, session: int) -> None:
        self._rule = rule
        self._rng = np.random.default_rng([seed, session, 7])
        self._heard = self._told = ""

    def hear(self, audio: bytes, sound: SoundFormat) -> None:
        """Take audio as it comes."""
        if sound is PCM and len(audio) == _FRAME_BYTES:
            said = self._rule.frames.get(_digest(audio))
            if said is not None and said != self._heard:
                self._heard, self._told = said, ""

    def take(self) -> str:
        """Return the words of the turn that has ended; those of one that goes on come once."""
        if self._told == self._heard:
            return ""
        self._told = self._heard
        words = self._heard.split()
        chances = self._rng.random(len(words))
        return " ".join(
            _WRONG if chance < self._rule.wrong else word
            for word, chance in zip(words, chances, strict=True)
        )


def _digest(frame: bytes) -> bytes:
    return blake2b(frame, digest_size=_DIGEST_BYTES).digest()
