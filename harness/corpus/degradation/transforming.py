"""A corpus under several conditions: the same utterances in each, so that they can be paired."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from harness.corpus.catalogue import digest
from harness.corpus.degradation.conditions import Step, Take, apply_steps, parse_steps
from harness.corpus.manifest import write_manifest
from harness.corpus.sound import read, write
from harness.errors import BadInput, sanitised
from harness.model import Clip, Progress

_NAME = "manifest.jsonl"
_FULL = 32768.0


def transform_clips(
    folder: Path,
    clips: Sequence[Clip],
    conditions: Mapping[str, str],
    seed: int,
    out: Path,
    progress: Progress,
) -> Path:
    """Write every clip under every condition, with a manifest, and return the manifest.

    Args:
        folder: Where the clips' paths begin.
        clips: Clean clips with their marks.
        conditions: Name to steps, as `conditions.parse_steps` reads them.
        seed: Seed of every draw, with the clip's id and the condition's name.
        out: A folder that does not exist yet, or is empty.
        progress: Receives how far it is.

    Raises:
        BadInput: A condition cannot be made, or `out` holds something.
    """
    steps = {_safe(name): parse_steps(words) for name, words in conditions.items()}
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput("exists already and is not empty", where=sanitised(out.name))
    out.parent.mkdir(parents=True, exist_ok=True)
    progress.step(f"making {len(clips)} clips under {', '.join(steps)}", "clips")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".making-") as scratch:
        made = Path(scratch, "made")
        found: list[Clip] = []
        for number, clip in enumerate(clips):
            for name, words in conditions.items():
                path = f"{name}/{number:05}.wav"
                found.append(_one(folder, clip, name, words, steps[name], seed, made, path))
            progress.advance(len(found), len(clips) * len(steps))
        write_manifest(made / _NAME, found)
        if out.exists():
            out.rmdir()
        os.replace(made, out)
    return out / _NAME


def _one(
    folder: Path,
    clip: Clip,
    name: str,
    words: str,
    steps: Sequence[Step],
    seed: int,
    made: Path,
    path: str,
) -> Clip:
    """Write one clip under one condition."""
    sound = read(folder / clip.path, clip.offset_s, clip.duration_s, clip.channel)
    take = Take(sound.samples / _FULL, sound.rate_hz, clip.speech_start_s, clip.speech_end_s)
    take = apply_steps(take, steps, _chance(seed, clip.id, name))
    samples = np.clip(np.rint(take.samples * _FULL), -32768, 32767).astype(np.int16)
    (made / path).parent.mkdir(parents=True, exist_ok=True)
    write(made / path, samples, take.rate_hz)
    sha256 = digest(made / path)
    assert sha256 is not None
    moved_s = take.end_s - clip.speech_end_s
    return replace(
        clip,
        id=f"{clip.id}@{name}",
        path=path,
        sha256=sha256,
        rate_hz=take.rate_hz,
        channels=1,
        channel=0,
        other_voices=(),
        offset_s=0.0,
        duration_s=len(samples) / take.rate_hz,
        speech_start_s=round(take.start_s, 6),
        speech_end_s=round(min(take.end_s, (len(samples) - 1) / take.rate_hz), 6),
        second_end_s=None,
        second_source="",
        utterance=clip.utterance or clip.id,
        condition=name,
        transforms=(*clip.transforms, f"{words} seed={seed} end_moved_s={moved_s:+.6f}"),
    )


def _chance(seed: int, clip: str, condition: str) -> np.random.Generator:
    """Return a generator that depends on nothing but what is named here."""
    key = hashlib.sha256(f"{clip}\n{condition}".encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(key[:16], dtype="<u4").tolist()])


def _safe(name: str) -> str:
    """Return a condition's name when it can be a folder's.

    Raises:
        BadInput: It cannot.
    """
    if not name or not all(char.isalnum() or char in "-_." for char in name) or name[0] == ".":
        raise BadInput(
            f"{sanitised(name)} is no name for a condition",
            where="--condition",
            hint="Write NAME=STEPS with letters, digits, - and _ in NAME",
        )
    return name
