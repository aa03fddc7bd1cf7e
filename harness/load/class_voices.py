"""What the callers of each user class speak: the corpus as the API of their target takes it.

Classes whose targets take the same share it, since speech is encoded once per process.
"""

from collections.abc import Collection
from dataclasses import dataclass

from harness.corpus import Corpus
from harness.engine.backchannel import generated_backchannel
from harness.engine.prompts import PROMPT_BYTES
from harness.engine.speech import Speech, memory_bytes
from harness.engine.turn_mix import Voice as SoundOf
from harness.environment import cache_dir
from harness.load.class_schedule import Calls, foreseen_recordings
from harness.load.options import Options
from harness.load.run_setup import resolve_dialect
from harness.model import Progress
from harness.network import Stream
from harness.session import EncodedUtterance


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """The speech of callers who call in one dialect.

    Attributes:
        speech: The corpus.
        backchannel: What is said where the corpus has no backchannel.
    """

    speech: Speech
    backchannel: EncodedUtterance


class ClassVoices:
    """The speech of every user class of one process.

    Args:
        schedule: The classes, each with the dialect of its target.
        corpus: The speech of all of them.
    """

    def __init__(self, schedule: Calls, corpus: Corpus) -> None:
        self._schedule = schedule
        wanted = {
            name: (part.options.dialect, part.options.frame_ms)
            for name, part in schedule.parts.items()
        }
        most_bytes = memory_bytes() // len(set(wanted.values()))
        made: dict[tuple[str, int], Voice] = {}
        for name, key in wanted.items():
            if key not in made:
                made[key] = _voice(schedule.parts[name].options, corpus, most_bytes)
        self._of = {name: made[key] for name, key in wanted.items()}

    def __getitem__(self, user_class: str) -> Voice:
        """Return the speech of a class."""
        return self._of[user_class]

    def sound_of(self, user_class: str) -> tuple[SoundOf, int]:
        """Return where utterances of a class come from as samples, and their sample rate."""
        speech = self._of[user_class].speech
        return speech.sound, speech.wire_format.audio.rate_hz

    @property
    def stream(self) -> Stream:
        """The most demanding of what callers send: the largest messages, and the most often."""
        formats = [voice.speech.wire_format for voice in self._of.values()]
        return Stream(
            cadence_ms=min(part.options.frame_ms for part in self._schedule.parts.values()),
            # Where none sends audio, a prompt stands for a frame.
            message_bytes=max(len(one.silence) for one in formats) or PROMPT_BYTES,
        )

    def prepare(self, calls: int | None, progress: Progress) -> None:
        """Make ready what the first calls say.

        Args:
            calls: How many calls there are, `None` when time decides.
            progress: Receives the progress.

        Raises:
            BadInput: A recording has gone or changed.
        """
        for voice in dict.fromkeys(self._of.values()):
            names = foreseen_recordings(self._schedule, calls, self._spoken_by(voice))
            voice.speech.prepare(names, progress)

    def _spoken_by(self, voice: Voice) -> Collection[str]:
        return [name for name, one in self._of.items() if one is voice]


def _voice(options: Options, corpus: Corpus, most_bytes: int) -> Voice:
    dialect, frame_ms = resolve_dialect(options), options.frame_ms
    speech = Speech(
        corpus, dialect, frame_ms, options.limit_s, cache=cache_dir(), most_bytes=most_bytes
    )
    return Voice(speech, generated_backchannel(dialect, frame_ms))
