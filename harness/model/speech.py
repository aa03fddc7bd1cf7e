"""Recorded speech: the manifest's clip, and the utterance a caller speaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording as the corpus manifest describes it.

    Attributes:
        id: Name, unique in the corpus.
        path: File, relative to the corpus folder.
        sha256: Digest of the file's bytes, hexadecimal.
        rate_hz: Sample rate of the file.
        channels: Channels of the file.
        duration_s: Length of the clip; of the file, unless the clip is a cut of it.
        speech_start_s: First sample of speech, from the beginning of the clip.
        speech_end_s: Last sample of speech, from which every latency counts.
        end_source: How the end was found, such as `silero-v6-median-65ms` or `exact`.
        end_uncertainty_ms: Half-width of the mark's uncertainty.
        accent: As the collection names it.
        offset_s: Where the clip begins in its file.
        channel: The channel of the file that is used, from 0.
        other_voices: Channels of the file that hold speech too, another than this one's.
        conversation: The conversation it belongs to, where it belongs to one.
        turn: Its place in that conversation, from 0.
        tags: Free words to choose clips by.
        second_end_s: Another method's opinion of the end, where there is one.
        second_source: That method.
        utterance: The same for one utterance under every condition; empty for an original.
        condition: Name of what was done to the original, such as `noise-10db`.
        transforms: What was done to the original, in order, each with its parameters and seed.
    """

    id: str
    path: str
    sha256: str
    rate_hz: int
    channels: int
    duration_s: float
    speech_start_s: float
    speech_end_s: float
    end_source: str
    end_uncertainty_ms: float
    transcript: str = ""
    speaker: str = ""
    language: str = ""
    licence: str = ""
    accent: str = ""
    offset_s: float = 0.0
    channel: int = 0
    other_voices: tuple[int, ...] = ()
    conversation: str = ""
    turn: int | None = None
    tags: tuple[str, ...] = ()
    second_end_s: float | None = None
    second_source: str = ""
    utterance: str = ""
    condition: str = ""
    transforms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse marks outside the clip."""
        if not 0 <= self.speech_start_s < self.speech_end_s <= self.duration_s + 1e-6:
            raise ValueError(
                f"clip {self.id}: speech from {self.speech_start_s} to {self.speech_end_s} s does"
                f" not lie in a clip of {self.duration_s} s"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFacts:
    """What a report must say about the speech that was used.

    Attributes:
        name: Corpus name.
        synthetic: True when no person said it, or a part of it; the report then says "synthetic
            speech".
        clips: Number of clips.
        digest: SHA-256 over the clips' ids, digests and marks, hexadecimal.
        licence: Terms of the recordings.
        source: Where they came from.
        end_source: How speech ends were found.
        end_uncertainty_ms: Largest uncertainty of a speech end in the corpus.
        parts: The corpora that it is pooled from, where user classes have corpora of their own.
    """

    name: str
    synthetic: bool
    clips: int
    digest: str
    licence: str
    source: str
    end_source: str
    end_uncertainty_ms: float
    parts: tuple["CorpusFacts", ...] = ()

    @property
    def prefix(self) -> str:
        """What ids of its clips begin with in a pool of several corpora."""
        return f"{self.name}/"

    @property
    def synthetic_part(self) -> str:
        """Names of the corpora in it that no person said; empty where that is all of it or none."""
        made = [part.name for part in self.parts if part.synthetic]
        return ", ".join(made) if len(made) < len(self.parts) else ""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Utterance:
    """Speech ready to be sent.

    Attributes:
        id: The clip's id.
        samples: int16, shape (n,), mono, at `rate_hz`.
        rate_hz: The session's sample rate.
        speech_onset_sample: Index of the first sample of speech.
        speech_end_sample: Index of the last sample of speech.
        end_uncertainty_ms: Half-width of the uncertainty of the end.
        transcript: What is said, where known.
        condition: What was done to the recording; empty for an original.
    """

    id: str
    samples: NDArray[np.int16]
    rate_hz: int
    speech_onset_sample: int
    speech_end_sample: int
    end_uncertainty_ms: float
    transcript: str = ""
    condition: str = ""

    def __post_init__(self) -> None:
        """Refuse marks outside the samples."""
        if not 0 <= self.speech_onset_sample < self.speech_end_sample < len(self.samples):
            raise ValueError(f"utterance {self.id}: speech marks lie outside its samples")
