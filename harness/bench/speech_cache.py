"""What it takes to annotate speech, to encode it and to keep it in memory and on disk.

Generated recordings, 3.6 s on average and all different, are imported as a user's folder is, and
then made ready twice as a run does: cold, with an empty cache, and warm. Each step runs in a
process of its own (`python -m harness.bench.speech_cache`, one line of JSON), so that its memory
is its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from harness.bench import machine
from harness.clock import now_ns
from harness.corpus import import_corpus, obtain_corpus, speech_like
from harness.corpus.sound import write
from harness.dialects import OpenAIRealtime
from harness.engine.speech import Speech
from harness.environment import for_child
from harness.model import NS_PER_S, NoProgress, Progress

_RATE_HZ = 16_000
_VOICES = 24
_SPEECH_S = (1.6, 4.8)
_SILENCE_S = 0.4
_FRAME_MS = 20
_LIMIT_S = 15.0
_ENOUGH_BYTES = 1 << 40


def generate(folder: Path, clips: int) -> float:
    """Write clips, no two alike, and return how many seconds they last."""
    folder.mkdir()
    said = [
        speech_like(np.random.default_rng(voice), float(length_s), _RATE_HZ)
        for voice, length_s in enumerate(np.linspace(*_SPEECH_S, _VOICES))
    ]
    samples = 0
    for number in range(clips):
        rng, speech = np.random.default_rng([7, number]), said[number % _VOICES]
        before = int(rng.integers(round(_SILENCE_S * _RATE_HZ)))
        after = round(_SILENCE_S * _RATE_HZ) - before
        sound = np.pad(np.rint(speech * rng.uniform(0.3, 0.9)).astype(np.int16), (before, after))
        write(folder / f"{number:05}.wav", sound, _RATE_HZ)
        samples += len(sound)
    return samples / _RATE_HZ


def annotate(folder: Path, manifest: Path, processes: int) -> dict[str, Any]:
    """Import a folder, which annotates its speech; return how long that took."""
    began_ns = now_ns()
    done = import_corpus(folder, manifest, NoProgress(), processes=processes)
    return {"clips": done.clips, "s": _passed_s(began_ns), "processes": processes}


def make_ready(manifest: Path, cache: Path) -> dict[str, Any]:
    """Make all clips of a manifest ready to send; return how long that took, and the memory.

    `resident_mb` is what the process grew by, `None` where the system does not say.
    """
    corpus = obtain_corpus(str(manifest), cache, NoProgress())
    before_kb, began_ns = machine.resident_kb(), now_ns()
    speech = Speech(
        corpus, OpenAIRealtime(), _FRAME_MS, _LIMIT_S, cache=cache, most_bytes=_ENOUGH_BYTES
    )
    speech.prepare((clip.id for clip in corpus.clips), NoProgress())
    passed_s, kept, after_kb = _passed_s(began_ns), speech.bytes_kept, machine.resident_kb()
    grown_mb = None
    if before_kb is not None and after_kb is not None:
        grown_mb = round((after_kb - before_kb) / 1e3, 1)
    disk = sum(file.stat().st_size for file in (cache / "encoded").iterdir())
    return {
        "s": passed_s,
        "ready_mb": round(kept / 1e6, 1),
        "resident_mb": grown_mb,
        "disk_mb": round(disk / 1e6, 1),
    }


def measure(clips: int, processes: int, progress: Progress) -> dict[str, Any]:
    """Measure all steps over newly generated recordings.

    Args:
        clips: How many recordings; 1000 are an hour of speech.
        processes: How many processes annotate.
        progress: Receives the progress.

    Returns:
        `speech_s`, and one entry each for `annotate`, `cold` and `warm`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder, manifest, cache = (Path(scratch, name) for name in ("clips", "m.jsonl", "cache"))
        progress.step(f"generating {clips} recordings")
        found: dict[str, Any] = {"speech_s": round(generate(folder, clips), 1)}
        progress.step("annotating")
        found["annotate"] = _in_a_process("annotate", folder, manifest, processes)
        for name in ("cold", "warm"):
            progress.step(f"encoding, {name} cache")
            found[name] = _in_a_process("make-ready", manifest, cache)
    return found


def _passed_s(began_ns: int) -> float:
    return round((now_ns() - began_ns) / NS_PER_S, 2)


def _in_a_process(*words: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "harness.bench.speech_cache", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=for_child(), check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Do the one step that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("annotate")
    step.add_argument("folder", type=Path)
    step.add_argument("manifest", type=Path)
    step.add_argument("processes", type=int)
    step = steps.add_parser("make-ready")
    step.add_argument("manifest", type=Path)
    step.add_argument("cache", type=Path)
    asked = parser.parse_args()
    if asked.step == "annotate":
        found = annotate(asked.folder, asked.manifest, asked.processes)
    else:
        found = make_ready(asked.manifest, asked.cache)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
