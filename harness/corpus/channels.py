"""Which channel of a recording is the caller's: the user's choice, and what other channels hold.

A recording of a telephone call often has a party on each channel. Only one is used; when another
has a voice of its own, the clip says so, because no number shows that the wrong one was used.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.corpus.recording import Recording
from harness.corpus.sound import Sound, read
from harness.errors import BadInput
from harness.model import Clip, Progress

_NAMES = {"left": 0, "right": 1}
_MOST_CHANNELS = 64
_MOST_HEARD = 8
# Copies of one voice, quieter or coded otherwise, are above this; two people are near nothing.
_SAME_VOICE = 0.8
_NAMED = 3


def channel_from(name: str | None) -> int | None:
    """Return the channel, from 0, that a user means by `left`, `right` or a number.

    Raises:
        BadInput: It is none of these.
    """
    if not name:
        return None
    if (said := name.strip().lower()) in _NAMES:
        return _NAMES[said]
    if said.isascii() and said.isdecimal() and int(said) < _MOST_CHANNELS:
        return int(said)
    raise BadInput(f"no such channel: {name}", where="--channel", hint="left, right or 0, 1, …")


def other_voices(
    path: Path, recording: Recording, sound: Sound, has_speech: Callable[[Sound], bool]
) -> tuple[int, ...]:
    """Return the other channels of a recording that hold speech of their own.

    Args:
        path: The file.
        recording: What is used of it.
        sound: The channel that is used.
        has_speech: Returns whether somebody speaks on a channel.

    Raises:
        Unreadable: As `sound.read`.
    """
    found: list[int] = []
    for channel in range(min(sound.channels, _MOST_HEARD)):
        if channel == recording.channel:
            continue
        other = read(path, recording.offset_s, recording.length_s, channel)
        if not _alike(sound.samples, other.samples) and has_speech(other):
            found.append(channel)
    return tuple(found)


def tell_other_voices(progress: Progress, clips: Sequence[Clip]) -> None:
    """Report which clips have other speech on a channel that is not used."""
    found = [clip for clip in clips if clip.other_voices]
    if not found:
        return
    first = ", ".join(
        f"{clip.id} (channel {clip.channel} used, speech on {_listed(clip.other_voices)} too)"
        for clip in found[:_NAMED]
    )
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    progress.step(
        f"only one channel is used, another has speech too: {first}{more}; --channel chooses"
    )


def no_speech(recording: Recording, sound: Sound, others: Sequence[int]) -> str:
    """Return why a recording without speech on its channel cannot be used."""
    if sound.channels == 1:
        return "has no speech in it"
    where = f"has no speech on channel {recording.channel} of {sound.channels}"
    return f"{where}, but on {_listed(others)}: --channel chooses" if others else where


def _listed(channels: Sequence[int]) -> str:
    return "channel " + ", ".join(map(str, channels))


def _alike(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Return whether two channels carry one voice."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    energy = float(np.sqrt((a @ a) * (b @ b)))
    return energy > 0 and abs(float(a @ b)) / energy > _SAME_VOICE
