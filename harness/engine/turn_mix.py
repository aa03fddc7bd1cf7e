"""The sound of a turn as two channels on one time line: the caller left, the agent right.

The caller's samples lie where the plan has them, the agent's where the listener heard them: what
was waiting in the playout is where it was played, an underrun is silence, and what an interruption
cut off is not there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.corpus import resample
from harness.model import NS_PER_S
from harness.session import Said, TurnSound

LONGEST_S = 300
"""Longer turns are not mixed: a minute takes six megabytes while it is."""

Voice = Callable[[str], NDArray[np.int16]]
"""Returns the samples of an utterance by its id, int16, shape (n,)."""


@dataclass(frozen=True, eq=False, slots=True)
class Mix:
    """A turn as it sounded.

    Attributes:
        samples: int16, shape (n, 2); the caller left.
        rate_hz: Samples per second.
        underruns_ns: From when to when the agent's audio had run out, in monotonic nanoseconds.
    """

    samples: NDArray[np.int16]
    rate_hz: int
    underruns_ns: tuple[tuple[int, int], ...]


def is_too_long(sound: TurnSound) -> bool:
    """Return whether a turn is too long to be mixed."""
    return sound.end_ns - sound.start_ns > LONGEST_S * NS_PER_S


def mix(sound: TurnSound, voice: Voice, voice_rate_hz: int) -> Mix:
    """Return a turn as it sounded, at the higher rate of both sides.

    Args:
        sound: What was said and heard when.
        voice: Where utterances come from.
        voice_rate_hz: Their sample rate.
    """
    heard = [(one.spans, *one.audio.decoded()) for one in sound.heard]
    rate_hz = max([voice_rate_hz, *(rate for _, _, rate in heard)])
    whole = max(1, (sound.end_ns - sound.start_ns) * rate_hz // NS_PER_S)
    both = np.zeros((whole, 2), np.int16)

    def place(side: int, samples: NDArray[np.int16], at_ns: int, own_rate_hz: int) -> None:
        """Lay samples down from an instant on; what is outside of the turn is left out."""
        samples = resample(samples, own_rate_hz, rate_hz)
        at = round((at_ns - sound.start_ns) * rate_hz / NS_PER_S)
        samples = samples[max(0, -at) : max(0, whole - at)]
        at = max(0, at)
        both[at : at + len(samples), side] = samples

    for said in sound.said:
        place(0, _spoken(said, voice), said.start_ns, voice_rate_hz)
    for spans, samples, own_rate_hz in heard:
        for span in spans:
            place(1, samples[span.first : span.end], span.start_ns, own_rate_hz)
    underruns_ns = tuple(
        (span.starved_ns, span.start_ns)
        for one in sound.heard
        for span in one.spans
        if span.starved_ns is not None and span.start_ns > sound.start_ns
    )
    return Mix(both, rate_hz, underruns_ns)


def _spoken(said: Said, voice: Voice) -> NDArray[np.int16]:
    """Return the samples of an utterance with the pause that was made inside it."""
    samples = voice(said.utterance_id)
    if not said.pause_samples:
        return samples
    pause = np.zeros(said.pause_samples, np.int16)
    return np.concatenate([samples[: said.pause_at], pause, samples[said.pause_at :]])
