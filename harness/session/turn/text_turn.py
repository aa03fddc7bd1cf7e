"""One turn in which the caller's words go out as text, and the response comes as text.

What a turn is, and when it is over, is as in a turn in audio: the response is spoken to the caller
by the carrier. What differs:

* The prompt is the end of the caller's turn: no frame of silence after it is waited for.
* What comes before the prompt cannot answer it, whatever it is: a late greeting, or the rest of a
  response that was interrupted. It is counted, and is none of the turn's response.
* The response has an end that counts: the message that says that it was the last.
"""

from dataclasses import replace

from harness.model import AudioDelta, Event, OfResponse, ResponseDone, StampBound
from harness.session.playout.spoken_text import SpokenText
from harness.session.turn.machine import Turn
from harness.session.turn.outcome import TurnFacts


class TextTurn(Turn):
    """The state of one turn in text; all times are monotonic nanoseconds."""

    in_text = True

    def prompted(self, now_ns: int) -> None:
        """Note that the prompt has left."""
        self._noted.at["commit_sent_ns"] = self.sending.end_ns = now_ns

    def sent(self, late_ns: int) -> None:
        """Note nothing: between prompts nothing is sent."""

    def receive(self, event: Event, now_ns: int, bound: StampBound | None = None) -> None:
        """Take one event that arrived at `now_ns`, or earlier by no more than `bound` if known."""
        if self._is_unasked and isinstance(event, OfResponse):
            if isinstance(event, AudioDelta):
                self._audio.discard(event.audio)
            return
        super().receive(event, now_ns, bound)
        if isinstance(event, AudioDelta):
            self._noted.at.pop("last_text_ns", None)
        elif isinstance(event, ResponseDone) and self._is_whole:
            self._noted.at["last_text_ns"] = now_ns

    @property
    def _is_unasked(self) -> bool:
        """Whether the prompt has yet to leave; a caller who waits for a greeting says nothing."""
        return self.spoken.said is not None and self.sending.end_ns is None

    @property
    def _is_whole(self) -> bool:
        """Whether the response is over, and was not interrupted before."""
        heard = self.audible_ns is not None and self._endings.completed
        return heard and self.response_state.is_over and not self.ids.is_discarded("")

    def _seen(self, now_ns: int | None) -> TurnFacts:
        return replace(super()._seen(now_ns), in_text=True)

    def _listen(self) -> SpokenText:
        return SpokenText()
