"""Records turns of one process: chooses, mixes and encodes, never in the way of the calls.

The audio thread hands over references. Everything that takes time happens in one thread more, a
turn at a time; when that cannot keep up, recordings are left out and counted, and no turn suffers.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import gevent
import gevent.threadpool

from harness.analysis.worst_turns import WorstTurns, badness
from harness.corpus import as_flac
from harness.engine.turn_mix import Voice, is_too_long, mix
from harness.load.options import Options
from harness.model import RecordedFor, Recording, TurnRecord, TurnStatus
from harness.session import SoundKeeper, TurnSound

MOST_KEPT_BYTES = 256 << 20
"""Most audio of undecided turns in memory, of a process: 800 responses of five seconds at once."""

_MOST_WAITING = 64
_FINISH_LIMIT_S = 5.0
_UNTIL_LOST_S = 0.01


class LeftOut(StrEnum):
    """Why a turn that was to be recorded was not, in words."""

    MEMORY = "too much audio was in memory at once"
    TOO_LONG = "the turn took more than five minutes"
    BUSY = "the machine could not keep up"
    SPOILED = "our own lateness moved the caller's plan"
    UNMIXED = "its audio could not be put together"
    DISK = "the limit of --record-mb"
    UNWRITTEN = "the folder cannot be written to"


@dataclass(frozen=True, slots=True)
class _Job:
    sound: TurnSound
    why: RecordedFor
    rank: float
    name: str
    voice: Voice
    voice_rate_hz: int


class Recorder:
    """The recordings of one process.

    Args:
        options: What was asked for, of which `record` says which turns.
        voice_of: Says where the utterances of a user class come from, which is called in a thread
            of its own, and what their sample rate is.

    Attributes:
        keeper: What the calls of the process are to hand their sound to, `None` where no turn is
            to be recorded.
    """

    def __init__(self, options: Options, voice_of: Callable[[str], tuple[Voice, int]]) -> None:
        wish, seed = options.record, options.seed
        self.keeper: SoundKeeper | None = None
        self._worst: WorstTurns | None = None
        if wish is not None:
            self.keeper = SoundKeeper(MOST_KEPT_BYTES, lambda call: wish.wants(call, seed))
            self._worst = None if wish.worst is None else WorstTurns(wish.worst)
        self._voice_of = voice_of
        self._origin_ns = 0
        self._sounds: dict[tuple[str, int], TurnSound] = {}
        self._jobs: deque[_Job] = deque()
        self._done: list[tuple[Recording, bytes]] = []
        self._left_out: Counter[str] = Counter()
        self._pool: gevent.threadpool.ThreadPool | None = None
        self._worker: gevent.Greenlet | None = None

    def begin(self, origin_ns: int) -> None:
        """Note the instant that the run's records count from."""
        self._origin_ns = origin_ns

    def note(self, turns: list[TurnRecord]) -> None:
        """Decide on turns that have ended; their sound was handed over before their records."""
        for sound in () if self.keeper is None else self.keeper.take():
            self._sounds[sound.session_id, sound.turn_index] = sound
        for turn in turns:
            key = turn.session_id, turn.turn_index
            if key in self._sounds:
                self._decide(turn, self._sounds.pop(key))

    def take(self) -> tuple[list[tuple[Recording, bytes]], Counter[str]]:
        """Return the files made since the last time, and what was left out for which reason."""
        done, left_out = self._done, self._left_out
        self._done, self._left_out = [], Counter()
        return done, left_out

    def finish(self) -> None:
        """Wait a little for what is still to be encoded, and leave out the rest; idempotent."""
        if self._worker is not None:
            self._worker.join(_FINISH_LIMIT_S)
            if not self._worker.dead:
                self._worker.kill(block=False)
                self._left_out[LeftOut.BUSY] += 1
        self._left_out[LeftOut.BUSY] += len(self._jobs)
        self._jobs.clear()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with gevent.Timeout(_UNTIL_LOST_S, False):
                pool.kill()

    def _decide(self, turn: TurnRecord, sound: TurnSound) -> None:
        found = badness(turn) if self._worst is not None else (RecordedFor.CHOSEN, 0.0)
        if found is None:
            return
        if reason := self._unfit(turn, sound):
            self._left_out[reason] += 1
            return
        name = recording_name(turn)
        if self._worst is not None:
            loser = self._worst.offer(*found, name)
            if loser == name:
                return
            # What is not encoded yet need not be.
            self._jobs = deque(job for job in self._jobs if job.name != loser)
        self._jobs.append(_Job(sound, *found, name, *self._voice_of(turn.user_class)))
        if self._worker is None or self._worker.dead:
            self._worker = gevent.spawn(self._work)

    def _unfit(self, turn: TurnRecord, sound: TurnSound) -> LeftOut | None:
        if turn.status is TurnStatus.VOID:
            return LeftOut.SPOILED
        if not sound.is_whole:
            return LeftOut.MEMORY
        if is_too_long(sound):
            return LeftOut.TOO_LONG
        return LeftOut.BUSY if len(self._jobs) >= _MOST_WAITING else None

    def _work(self) -> None:
        """Encode what waits, one after the other; only this greenlet waits for the thread."""
        self._pool = self._pool or gevent.threadpool.ThreadPool(1)
        while self._jobs:
            done = self._pool.apply(self._encoded, (self._jobs.popleft(),))
            if done is None:
                self._left_out[LeftOut.UNMIXED] += 1
            else:
                self._done.append(done)

    def _encoded(self, job: _Job) -> tuple[Recording, bytes] | None:
        """Return a recording and its file, `None` where it cannot be made. Leaves by no exception.

        One that left the thread would be printed there as well.
        """
        sound = job.sound
        try:
            mixed = mix(sound, job.voice, job.voice_rate_hz)
            data = as_flac(mixed.samples, mixed.rate_hz)
        except Exception:
            return None
        origin_ns = self._origin_ns
        recording = Recording(
            session_id=sound.session_id,
            turn_index=sound.turn_index,
            why=job.why,
            rank=job.rank,
            file=job.name,
            start_ns=sound.start_ns - origin_ns,
            rate_hz=mixed.rate_hz,
            samples=len(mixed.samples),
            size_bytes=len(data),
            underruns_ns=tuple(
                (begin - origin_ns, end - origin_ns) for begin, end in mixed.underruns_ns
            ),
        )
        return recording, data


def recording_name(turn: TurnRecord) -> str:
    """Return the name of the file that holds a turn."""
    return f"{turn.session_id}-turn-{turn.turn_index:03d}.flac"
