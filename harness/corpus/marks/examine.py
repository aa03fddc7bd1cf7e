"""One recording read and marked; many of them, in several processes."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from harness.corpus.channels import no_speech, other_voices
from harness.corpus.manifest import Skipped
from harness.corpus.marks.annotate import ANNOTATOR, ENERGY, Annotator, SpeechMarks, energy_end_s
from harness.corpus.recording import Recording
from harness.corpus.sound import Sound, Unreadable, read
from harness.environment import without_secrets
from harness.errors import BadInput, sanitised
from harness.model import Clip

Task = tuple[Path, Recording, str]
"""The corpus folder, what to examine in it, and the SHA-256 of that file."""

# Starting a process and its model costs as much as a dozen clips.
_WORTH_A_PROCESS = 24
_AT_ONCE = 8


def examine(tasks: Sequence[Task], processes: int = 1) -> Iterator[Clip | Skipped]:
    """Read and mark recordings, in their order.

    Args:
        tasks: What to examine.
        processes: How many to use; a few clips are done in this one.

    Raises:
        BadInput: A file made a decoder crash.
    """
    processes = min(processes, -(-len(tasks) // _WORTH_A_PROCESS))
    if processes < 2:
        yield from map(examine_one, tasks)
        return
    # A forked child would inherit the locks of our threads; a fresh one has none.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        try:
            with without_secrets():
                examined = pool.map(examine_one, tasks, chunksize=_AT_ONCE)
            yield from examined
        except BrokenProcessPool as error:
            raise BadInput(
                "a process that read the recordings has died",
                hint="With --processes 1 the file that did it is the one after the last counted",
            ) from error


def examine_one(task: Task) -> Clip | Skipped:
    """Read and mark one recording."""
    folder, recording, sha256 = task
    try:
        sound = read(
            folder / recording.path, recording.offset_s, recording.length_s, recording.channel
        )
        others = other_voices(folder / recording.path, recording, sound, _has_speech)
        return _clip(recording, sha256, sound, others)
    except Unreadable as reason:
        return Skipped(recording.path, sha256, sanitised(reason), *recording.place[1:])


def _has_speech(sound: Sound) -> bool:
    return _annotator().marks(sound.samples, sound.rate_hz) is not None


def _clip(recording: Recording, sha256: str, sound: Sound, others: tuple[int, ...]) -> Clip:
    """Return a recording with its marks.

    Raises:
        Unreadable: There is no speech in it, or its collection says that it lies outside.
    """
    marks = recording.marks or _annotator().marks(sound.samples, sound.rate_hz)
    if marks is None:
        raise Unreadable(no_speech(recording, sound, others))
    second_end_s, second_source = _second_opinion(recording, marks, sound)
    try:
        return Clip(
            id=recording.id,
            path=recording.path,
            sha256=sha256,
            rate_hz=sound.rate_hz,
            channels=sound.channels,
            duration_s=len(sound.samples) / sound.rate_hz,
            speech_start_s=marks.start_s,
            speech_end_s=marks.end_s,
            end_source=marks.end_source,
            end_uncertainty_ms=marks.end_uncertainty_ms,
            transcript=recording.transcript,
            speaker=recording.speaker,
            language=recording.language,
            licence=recording.licence,
            accent=recording.accent,
            offset_s=recording.offset_s,
            channel=recording.channel,
            other_voices=others,
            conversation=recording.conversation,
            turn=recording.turn,
            tags=recording.tags,
            second_end_s=second_end_s,
            second_source=second_source,
        )
    except ValueError as error:
        raise Unreadable(f"has marks that do not fit: {error}") from error


def _second_opinion(
    recording: Recording, marks: SpeechMarks, sound: Sound
) -> tuple[float | None, str]:
    """Return another method's end and its name; an exact end needs no second opinion."""
    if marks.end_uncertainty_ms == 0:
        return None, ""
    if recording.marks is None:
        second_end_s = energy_end_s(sound.samples, sound.rate_hz)
        return second_end_s, "" if second_end_s is None else ENERGY
    heard = _annotator().marks(sound.samples, sound.rate_hz)
    return (None, "") if heard is None else (heard.end_s, ANNOTATOR)


@cache
def _annotator() -> Annotator:
    """Return this process's annotator: its model is loaded once."""
    return Annotator()
