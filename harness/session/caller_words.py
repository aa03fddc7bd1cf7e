"""The API's transcripts of the caller, by turn: they come when they come, of items of its own.

An item belongs to the turn in which the server first named it. What it heard after the answer was
heard is no part of the utterance: a backchannel.
"""

from collections.abc import Mapping

from harness.errors import sanitised
from harness.model import (
    CallerTranscript,
    CallerWords,
    Event,
    InputCommitted,
    SpeechStarted,
    SpeechStopped,
)
from harness.session.turn.machine import Turn

# Some two minutes of speech; a longer transcript is none of an utterance.
_MOST_CHARACTERS = 2_000
_MOST_ITEMS = 16


class UnderstoodWords:
    """What was understood in the turns of one call."""

    def __init__(self) -> None:
        self._turn_of: dict[str, int] = {}
        self._items: dict[int, list[str]] = {}
        self._told: dict[str, str] = {}
        self._spoken: dict[int, CallerWords] = {}

    def note(self, event: Event, turn: Turn | None, now_ns: int) -> None:
        """Take one event.

        Args:
            event: Any.
            turn: The turn that the caller is in, `None` between two and during a greeting.
            now_ns: When it arrived.
        """
        if isinstance(event, CallerTranscript):
            if event.item_id in self._turn_of and event.text is not None:
                self._told[event.item_id] = sanitised(event.text[:_MOST_CHARACTERS])
        elif (
            isinstance(event, SpeechStarted | SpeechStopped | InputCommitted)
            and turn is not None
            and event.item_id
            and event.item_id not in self._turn_of
        ):
            self._belongs(event.item_id, turn, now_ns)

    def _belongs(self, item_id: str, turn: Turn, now_ns: int) -> None:
        spoken = turn.spoken
        after = turn.answer_ns is not None and now_ns > spoken.end_ns
        items = self._items.setdefault(spoken.turn_index, [])
        if after or len(items) >= _MOST_ITEMS:
            return
        items.append(item_id)
        self._turn_of[item_id] = spoken.turn_index
        self._spoken[spoken.turn_index] = CallerWords(
            turn_index=spoken.turn_index,
            utterance_id=spoken.utterance_id,
            condition=spoken.condition,
        )

    def told(self) -> tuple[CallerWords, ...]:
        """Return what was understood; nothing where the API tells no transcripts at all."""
        if not self._told:
            return ()
        return tuple(
            CallerWords(
                turn_index=index,
                utterance_id=words.utterance_id,
                condition=words.condition,
                understood=self._understood(self._items[index], self._told),
            )
            for index, words in sorted(self._spoken.items())
        )

    @staticmethod
    def _understood(items: list[str], told: Mapping[str, str]) -> str | None:
        """Return the words of a turn's items, `None` where one of them was not told."""
        if not all(item in told for item in items):
            return None
        return " ".join(told[item].strip() for item in items).strip()
