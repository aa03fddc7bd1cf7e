"""Speech from eSpeak NG, where the user has it: real words whose end is known to the sample.

eSpeak NG is a program of its own, under the GPL; it is started, never linked or shipped. Its voices
are those not those of callers: this is for calibration, and a report calls it synthetic.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from harness.corpus.marks.annotate import SpeechMarks
from harness.corpus.recording import Recording
from harness.corpus.sound import Unreadable, read, write
from harness.corpus.sources.origin_note import Unavailable, write_source
from harness.environment import for_child
from harness.errors import sanitised
from harness.model import Progress

LICENCE = "none needed: generated"
_VOICES = ("en-us", "de", "es", "fr", "it", "nl", "pt", "pl")
_SENTENCES = (
    "I would like to change my appointment on Thursday, please.",
    "Can you tell me when my order will arrive?",
    "No, that is not the address I gave you.",
)
_LIMIT_S = 20.0
_LEAD_S, _TAIL_S = 0.1, 0.3


def fill(folder: Path, progress: Progress) -> None:
    """Say every sentence in every voice into `folder`, silence before and behind.

    Raises:
        Unavailable: eSpeak NG is not installed, or says nothing.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise Unavailable("espeak-ng is not on PATH; install eSpeak NG to have it")
    progress.step("letting eSpeak NG speak", "clips")
    total = len(_VOICES) * len(_SENTENCES)
    for done, (voice, number) in enumerate(_clips(), start=1):
        _say(program, voice, _SENTENCES[number], folder / _file(voice, number))
        progress.advance(done, total)
    if not list(folder.glob("*.wav")):
        raise Unavailable("espeak-ng knows none of the voices asked for")
    write_source(folder, "eSpeak NG on this machine")


def recordings(folder: Path) -> list[Recording]:
    """Return the clips with their exact marks: the first and the last sample that is not zero."""
    found = []
    for voice, number in _clips():
        path = folder / _file(voice, number)
        try:
            sound = read(path)
        except Unreadable:
            continue
        spoken = np.flatnonzero(sound.samples)
        if len(spoken) < 2:
            continue
        found.append(
            Recording(
                id=path.stem,
                path=path.name,
                transcript=_SENTENCES[number],
                speaker=f"eSpeak NG {voice}",
                language=voice,
                licence=LICENCE,
                marks=SpeechMarks(
                    start_s=float(spoken[0]) / sound.rate_hz,
                    end_s=float(spoken[-1]) / sound.rate_hz,
                    end_source="exact",
                    end_uncertainty_ms=0.0,
                ),
            )
        )
    return found


def _say(program: str, voice: str, words: str, path: Path) -> None:
    """Write one sentence; a voice that is not installed is left out."""
    spoken = path.with_suffix(".spoken")
    command = [program, "-v", voice, "-w", str(spoken), "--", words]
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            env=for_child(),
            check=True,
        )
        sound = read(spoken)
    except (subprocess.CalledProcessError, Unreadable):
        return
    except (subprocess.TimeoutExpired, OSError) as error:
        raise Unavailable(f"espeak-ng: {sanitised(error)}") from error
    finally:
        spoken.unlink(missing_ok=True)
    lead, tail = (np.zeros(round(s * sound.rate_hz), dtype=np.int16) for s in (_LEAD_S, _TAIL_S))
    write(path, np.concatenate((lead, sound.samples, tail)), sound.rate_hz)


def _clips() -> list[tuple[str, int]]:
    return [(voice, number) for voice in _VOICES for number in range(len(_SENTENCES))]


def _file(voice: str, number: int) -> str:
    return f"espeak-{voice}-{number}.wav"
