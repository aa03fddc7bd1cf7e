"""One response from `response.created` to `response.done`: what is released, and when.

Nothing here waits. Each step does what is due and asks for the next deadline; one deadline is
outstanding at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from harness.clock import NS_PER_MS, now_ns
from harness.model import TruthRecord, ns_from_samples
from harness.simulator import orders, usage
from harness.simulator.configuration import RATE_HZ
from harness.simulator.conversation import Conversation, Item
from harness.simulator.listening import Heard
from harness.simulator.replies import Reply
from harness.simulator.timers import Timer

Json = dict[str, Any]

# The decision is not acted upon in no time.
_LEAST_REACTION_NS = 5 * NS_PER_MS
# The item opens at this share of the wait for the first audio.
_OPENING_SHARE = 0.4


class Outlet(Protocol):
    """Where a response goes."""

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""

    def send(self, message: bytes) -> None:
        """Send a message that is already encoded."""

    def at(self, due_ns: int, callback: Callable[[], None]) -> Timer:
        """Ask to be called."""

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What chance decided about one response."""

    reply: Reply
    latency_ms: float
    lead_samples: int
    speed: float

    def first_due_ns(self, *, anchor_ns: int, asked_ns: int) -> int:
        """Return when the first audio must go out for the drawn latency to come true.

        A draw that ends before anybody asked for a response cannot be kept; then the audio
        follows the asking at once, and the truth log has both.

        Args:
            anchor_ns: The instant latency counts from.
            asked_ns: When the response was asked for, by VAD or by the client.
        """
        lead_ns = ns_from_samples(self.lead_samples, RATE_HZ)
        wanted_ns = anchor_ns + round(self.latency_ms * NS_PER_MS) - lead_ns
        return max(wanted_ns, asked_ns + _LEAST_REACTION_NS)


class Speaking:
    """One response.

    Args:
        outlet: Where it goes.
        conversation: What it reads, and where its item is added.
        session: The session's configuration at this moment.
        options: The fields of the client's `response.create`, empty for one begun by VAD.
        heard: The caller's turn.
        asked_ns: When the response was asked for.
        drawn: What chance decided.
        turn_index: 0 for the session's first response.
        ended: Called once, with the truth and the tokens used, when nothing more is released.
    """

    def __init__(
        self,
        outlet: Outlet,
        conversation: Conversation,
        *,
        session: Json,
        options: Json,
        heard: Heard,
        asked_ns: int,
        drawn: Drawn,
        turn_index: int,
        ended: Callable[[TruthRecord, int], None],
    ) -> None:
        self.id = outlet.new_id("resp")
        self._outlet, self._conversation = outlet, conversation
        self._session, self._options = session, options
        self._heard, self._drawn = heard, drawn
        self._turn_index, self._ended = turn_index, ended
        self._asked_ns = asked_ns
        self._first_due_ns = drawn.first_due_ns(anchor_ns=heard.anchor_ns, asked_ns=asked_ns)
        self._pieces, self._audible_piece = drawn.reply.with_lead(drawn.lead_samples)
        self._words = drawn.reply.transcript.split(" ")
        self._words_sent = 0
        self._released = 0
        self._samples_sent = 0
        self._first_ns: int | None = None
        self._audible_ns: int | None = None
        self._last_ns: int | None = None
        self._item: Item | None = None
        self._timer: Timer | None = None
        self._read, self._cached = conversation.read(str(session["instructions"]))

    def begin(self) -> None:
        """Announce the response and ask for the next deadline."""
        self._outlet.emit("response.created", response=self._response("in_progress"))
        wait_ns = self._first_due_ns - self._asked_ns
        opening_ns = self._asked_ns + round(_OPENING_SHARE * wait_ns)
        self._timer = self._outlet.at(opening_ns, self._open)

    def cancel(self, reason: str) -> None:
        """Stop in the middle: `turn_detected` or `client_cancelled`."""
        self._end("cancelled", reason)

    def abandon(self) -> None:
        """Stop without a word: the connection is gone."""
        self._stop()

    def _open(self) -> None:
        """Open the item, and let the transcript run ahead."""
        wire = {
            "id": self._outlet.new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        self._item = Item(wire, spoken_ms=0)
        previous = self._conversation.add(self._item)
        fields: dict[str, Json] = {
            "response.output_item.added": {
                "response_id": self.id, "output_index": 0, "item": wire,
            },
            "conversation.item.added": {"previous_item_id": previous, "item": wire},
            "response.content_part.added": self._place()
            | {"part": {"type": "audio", "transcript": ""}},
        }  # fmt: skip
        for kind in orders.RESPONSE_OPEN:
            self._outlet.emit(kind, **fields[kind])
        self._say(1)
        self._timer = self._outlet.at(self._first_due_ns, self._release)

    def _release(self) -> None:
        """Release the next piece of audio; after the last one the response is complete."""
        piece = self._pieces[self._released]
        self._say(-(-len(self._words) * (self._released + 2) // len(self._pieces)))
        released_ns = now_ns()
        self._outlet.send(self._delta(piece.encoded))
        if self._first_ns is None:
            self._first_ns = released_ns
        if self._released == self._audible_piece:
            lead_ns = ns_from_samples(self._drawn.lead_samples, RATE_HZ)
            self._audible_ns = max(released_ns, self._first_ns + lead_ns)
        self._last_ns = released_ns
        self._released += 1
        self._samples_sent += piece.samples
        if self._item is not None:
            self._item.spoken_ms = self._samples_sent * 1000 // RATE_HZ
        if self._released == len(self._pieces):
            self._end("completed")
            return
        played_ns = ns_from_samples(self._samples_sent, RATE_HZ)
        due_ns = self._first_ns + round(played_ns / self._drawn.speed)
        self._timer = self._outlet.at(due_ns, self._release)

    def _say(self, words: int) -> None:
        """Let the transcript run up to the given number of words."""
        more = self._words[self._words_sent : words]
        if not more:
            return
        text = " ".join(more) if not self._words_sent else " " + " ".join(more)
        self._words_sent += len(more)
        self._outlet.emit(
            "response.output_audio_transcript.delta", **self._place(), delta=text, obfuscation=""
        )

    def _delta(self, encoded: bytes) -> bytes:
        """Return an audio delta around audio that was encoded long ago."""
        assert self._item is not None
        head = (
            '{"type":"response.output_audio.delta",'
            f'"event_id":"{self._outlet.new_id("event")}","response_id":"{self.id}",'
            f'"item_id":"{self._item.id}","output_index":0,"content_index":0,"delta":"'
        )
        return b"".join((head.encode(), encoded, b'"}'))

    def _place(self) -> Json:
        """Return the fields that say which part of which item an event is about."""
        assert self._item is not None
        return {
            "response_id": self.id,
            "item_id": self._item.id,
            "output_index": 0,
            "content_index": 0,
        }

    def _end(self, status: str, reason: str = "") -> None:
        """Close what is open and send `response.done`."""
        if self._item is not None:
            self._close(self._item, "completed" if status == "completed" else "incomplete")
        self._outlet.emit("response.done", response=self._response(status, reason))
        self._stop(cancelled=status == "cancelled")

    def _close(self, item: Item, status: str) -> None:
        transcript = " ".join(self._words[: self._words_sent])
        item.wire["status"] = status
        kept = transcript if item.kept_ms is None else ""
        item.wire["content"] = [{"type": "output_audio", "transcript": kept}]
        if item.kept_ms is None:
            item.tokens = self._written()
        place = self._place()
        part = {"type": "audio", "transcript": transcript}
        previous = self._conversation.before(item.id)
        fields: dict[str, Json] = {
            "response.output_audio.done": place,
            "response.output_audio_transcript.done": place | {"transcript": transcript},
            "response.content_part.done": place | {"part": part},
            "conversation.item.done": {"previous_item_id": previous, "item": item.wire},
            "response.output_item.done": {
                "response_id": self.id, "output_index": 0, "item": item.wire,
            },
        }  # fmt: skip
        for kind in orders.RESPONSE_CLOSE:
            self._outlet.emit(kind, **fields[kind])

    def _written(self) -> usage.Tokens:
        transcript = " ".join(self._words[: self._words_sent])
        return usage.spoken_tokens(self._samples_sent / RATE_HZ, transcript)

    def _response(self, status: str, reason: str = "") -> Json:
        """Return the response object in the given state."""
        running = status == "in_progress"
        output = self._session["audio"]["output"]
        asked = self._options.get("audio") or {}
        voice = (asked.get("output") or {}).get("voice") or output["voice"]
        details = {"type": status, "reason": reason} if reason else None
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [] if running or self._item is None else [self._item.wire],
            "conversation_id": self._session["id"].replace("sess_", "conv_", 1),
            "output_modalities": ["audio"],
            "max_output_tokens": self._options.get("max_output_tokens")
            or self._session["max_output_tokens"],
            "audio": {"output": {"format": output["format"], "voice": voice}},
            "metadata": self._options.get("metadata"),
            "usage": None
            if running
            else usage.usage_object(self._read, self._cached, self._written()),
        }

    def _stop(self, *, cancelled: bool = False) -> None:
        """Ask for nothing more and tell the truth."""
        if self._timer is not None:
            self._timer.cancel()
        heard = self._heard
        truth = TruthRecord(
            session_id=self._session["id"],
            response_id=self.id,
            turn_index=self._turn_index,
            frame_end_samples=heard.frame_end_samples,
            frame_received_ns=heard.frame_received_ns,
            heard_end_sample=heard.end_sample,
            endpoint_ns=heard.endpoint_ns,
            drawn_ms=self._drawn.latency_ms,
            lead_silence_ms=self._drawn.lead_samples * 1000 / RATE_HZ,
            first_audio_due_ns=self._first_due_ns,
            first_audio_released_ns=self._first_ns,
            first_audible_heard_ns=self._audible_ns,
            last_audio_released_ns=self._last_ns,
            cancelled=cancelled,
        )
        self._ended(truth, self._read.total + self._written().total)
