"""Transcripts of the caller: asynchronous, tied to nothing but the caller's item.

Nobody recognises speech here. The transcript is one of some sentences, or what a known recording
says, but its events, its delay and its usage are as the service's.
"""

from collections.abc import Callable
from math import ceil
from typing import Any, Protocol

from harness.clock import now_ns
from harness.model import NS_PER_MS
from harness.simulator.protocol import event_order, usage
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.protocol.refusals import Refused
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.listening import Heard
from harness.simulator.voice.spoken_answers import SENTENCES

_BY_DURATION = "whisper-1"


class TranscribingSession(Protocol):
    """The session as its transcription sees it."""

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Ask to be called."""


class Transcribing:
    """The transcripts of one session.

    Args:
        host: The session.
        conversation: Where the caller's items are.
        delay_ms: Draws the time from a commit to its transcript.
    """

    def __init__(
        self, host: TranscribingSession, conversation: Conversation, delay_ms: Callable[[], float]
    ) -> None:
        self._host, self._conversation, self._delay_ms = host, conversation, delay_ms
        self._count = 0

    def turn_ended(
        self, heard: Heard, transcription: Json, *, fails: bool, said: str | None = None
    ) -> None:
        """Send the transcript of a turn later, or the event that it failed.

        Args:
            heard: The turn.
            transcription: What was asked for.
            fails: It is the latter.
            said: What the caller said, where that is known.
        """
        if heard.item_id is None:
            return
        words = SENTENCES[self._count % len(SENTENCES)] if said is None else said
        words = words if heard.end_sample is not None else ""
        self._count += 1
        item_id, duration_s = heard.item_id, heard.duration_s
        counted = _usage(str(transcription["model"]), duration_s, words)
        due_ns = now_ns() + round(self._delay_ms() * NS_PER_MS)
        if fails:
            self._host.at(due_ns, lambda: self._fail(item_id))
        else:
            self._host.at(due_ns, lambda: self._complete(item_id, words, counted))

    def _fail(self, item_id: str) -> None:
        error = {
            "type": "transcription_error",
            "code": "audio_unintelligible",
            "message": "The audio could not be transcribed.",
            "param": "audio",
        }
        for kind in event_order.NOT_TRANSCRIBED:
            self._host.emit(kind, item_id=item_id, content_index=0, error=error)

    def _complete(self, item_id: str, words: str, counted: Json) -> None:
        try:
            item = self._conversation.find("retrieve", item_id)
        except Refused:
            return  # the client has deleted it
        place = {"item_id": item_id, "content_index": 0}
        for kind in event_order.TRANSCRIPT_DELTAS:
            for number, word in enumerate(words.split()):
                self._host.emit(kind, **place, delta=f" {word}" if number else word)
        item.wire["content"][0]["transcript"] = words
        for kind in event_order.TRANSCRIBED:
            self._host.emit(kind, **place, transcript=words, usage=counted)


def _usage(model: str, duration_s: float, words: str) -> Json:
    if model == _BY_DURATION:
        return {"type": "duration", "seconds": ceil(duration_s)}
    heard, written = usage.heard_tokens(duration_s), usage.text_tokens(words)
    return {
        "type": "tokens",
        "total_tokens": heard.total + written,
        "input_tokens": heard.total,
        "output_tokens": written,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard.audio},
    }
