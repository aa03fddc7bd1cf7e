"""What an hour of speech takes to mark, to encode and to keep in memory and on disk.

A thousand generated clips of 3.6 s in the mean, all different, are imported as a user's folder is,
and then made ready twice as a run does: cold, with an empty cache, and warm. Each step runs in a
process of its own, so that its memory is its own. Prints one line of JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from harness.clock import now_ns
from harness.corpus import import_corpus, obtain_corpus, speech_like
from harness.corpus.sound import write
from harness.dialects import OpenAIRealtime
from harness.engine.speech import Speech
from harness.environment import for_child
from harness.model import NS_PER_S, NoProgress

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


def mark(folder: Path, manifest: Path, processes: int) -> dict[str, Any]:
    """Import a folder, its speech marked on the way, and tell how long that took."""
    began_ns = now_ns()
    done = import_corpus(folder, manifest, NoProgress(), processes=processes)
    return {"clips": done.clips, "s": _passed_s(began_ns), "processes": processes}


def make_ready(manifest: Path, cache: Path) -> dict[str, Any]:
    """Make all clips of a manifest ready to send; tell how long that took, and the memory."""
    corpus = obtain_corpus(str(manifest), cache, NoProgress())
    before_kb, began_ns = _resident_kb(), now_ns()
    speech = Speech(
        corpus, OpenAIRealtime(), _FRAME_MS, _LIMIT_S, cache=cache, most_bytes=_ENOUGH_BYTES
    )
    speech.prepare((clip.id for clip in corpus.clips), NoProgress())
    passed_s, kept = _passed_s(began_ns), speech.bytes_kept
    disk = sum(file.stat().st_size for file in (cache / "encoded").iterdir())
    return {
        "s": passed_s,
        "ready_mb": round(kept / 1e6, 1),
        "resident_mb": round((_resident_kb() - before_kb) / 1e3, 1),
        "disk_mb": round(disk / 1e6, 1),
    }


def _passed_s(began_ns: int) -> float:
    return round((now_ns() - began_ns) / NS_PER_S, 2)


def _resident_kb() -> int:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    except OSError:
        return 0


def _in_a_process(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "harness.bench.speech_cache", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=for_child(), check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure, or do the one step that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--mark", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make-ready", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.mark:
        folder, manifest = asked.mark
        print(json.dumps(mark(folder, manifest, asked.processes)))
        return
    if asked.make_ready:
        manifest, cache = asked.make_ready
        print(json.dumps(make_ready(manifest, cache)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        clips, manifest, cache = (Path(scratch, name) for name in ("clips", "m.jsonl", "cache"))
        speech_s = generate(clips, asked.clips)
        paths = (str(manifest), str(cache))
        found = {
            "speech_s": round(speech_s, 1),
            "mark": _in_a_process(
                "--processes", str(asked.processes), "--mark", str(clips), paths[0]
            ),
            "cold": _in_a_process("--make-ready", *paths),
            "warm": _in_a_process("--make-ready", *paths),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
