"""What was said and heard in each turn of a call, handed over when the turn is over.

Nothing is mixed or decoded here: a turn's sound says which utterance was said from when on, and
which audio of the server was heard when. Somebody else turns it into a recording, or drops it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.session.playout.kept_audio import Budget, Heard, KeptTurn
from harness.session.said import Said
from harness.session.turn.planned_speech import PlannedSpeech


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSound:
    """The sound of one turn; all times are monotonic nanoseconds.

    Attributes:
        session_id: Caller it belongs to.
        turn_index: Position in the session.
        start_ns: When the first sample of the utterance was spoken.
        end_ns: When the caller stopped listening.
        said: What the caller said meanwhile, the utterance first.
        heard: What the caller heard meanwhile, in the order in which it began.
    """

    session_id: str
    turn_index: int
    start_ns: int
    end_ns: int
    said: tuple[Said, ...]
    heard: tuple[Heard, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out for want of memory."""
        return all(heard.audio.is_whole for heard in self.heard)


class SoundKeeper:
    """Keeps the sound of turns of all calls of a process.

    Args:
        most_bytes: Most audio that is kept at a time.
        wants: Whether a call is to be kept, by its session's id.
    """

    def __init__(self, most_bytes: int, wants: Callable[[str], bool]) -> None:
        self.budget, self.wants = Budget(most_bytes), wants
        # Filled on the loop's thread and emptied on another.
        self._over: deque[TurnSound] = deque()

    def put(self, sound: TurnSound) -> None:
        """Take the sound of a turn that is over."""
        self._over.append(sound)

    def take(self) -> list[TurnSound]:
        """Return the sounds of turns that ended since the last time."""
        return [self._over.popleft() for _ in range(len(self._over))]


class CallSounds:
    """The sound of one call, turn by turn; keeps nothing without a keeper.

    Args:
        keeper: Who keeps it, `None` for nobody.
    """

    def __init__(self, keeper: SoundKeeper | None) -> None:
        self._keeper = keeper
        self._said: list[Said] = []
        # What is still heard of the response that was interrupted.
        self._before: list[Heard] = []

    def begin(self, spoken: PlannedSpeech) -> KeptTurn | None:
        """Return where the responses of a turn that begins are kept, `None` where they are not."""
        keeper = self._keeper
        if keeper is None or spoken.said is None or not keeper.wants(spoken.session_id):
            return None
        self._said.append(spoken.said)
        return KeptTurn(keeper.budget)

    def end(
        self,
        spoken: PlannedSpeech,
        kept: KeptTurn | None,
        backchannels: Sequence[Said],
        now_ns: int,
    ) -> None:
        """Hand over the sound of a turn that is over.

        Args:
            spoken: What the caller said.
            kept: What was kept of its responses.
            backchannels: What was said besides.
            now_ns: When the caller stopped listening.
        """
        said = spoken.said
        if self._keeper is None or kept is None or said is None:
            return
        heard = kept.heard(now_ns)
        later = [other for other in self._said if other.start_ns > said.start_ns]
        self._keeper.put(
            TurnSound(
                session_id=spoken.session_id,
                turn_index=spoken.turn_index,
                start_ns=said.start_ns,
                end_ns=now_ns,
                said=(said, *backchannels, *later),
                heard=(*self._before, *heard),
            )
        )
        # An utterance that has begun interrupts: it is said while this is still heard.
        self._said, self._before = later, heard if later else []
