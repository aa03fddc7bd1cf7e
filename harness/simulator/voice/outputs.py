"""The items of a response: speech, text and function calls, each released bit by bit.

An output opens, releases until nothing is left, and closes. It never waits: `release` says when it
wants to be called again.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from harness.clock import now_ns
from harness.model import NS_PER_MS, ns_from_samples
from harness.simulator.chance.faults import Faults
from harness.simulator.protocol import event_order, usage
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation, Item
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.spoken_answers import SpokenAnswer
from harness.simulator.voice.tools import FunctionCall

# Text and arguments are written at the pace of one piece in so long; not measured anywhere.
_WORD_NS = 15 * NS_PER_MS


class Outlet(Protocol):
    """Where a response goes."""

    def message(self, kind: str, fields: Json) -> bytes:
        """Return one event with an id of its own, encoded."""

    def send(self, message: bytes) -> None:
        """Send an encoded message."""

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Ask to be called."""

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""

    def strike(self, fault: str, size: float) -> None:
        """Carry out a fault that concerns the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseContext:
    """What the outputs of one response share.

    Attributes:
        outlet: Where identifiers come from.
        send: Takes encoded messages.
        conversation: Where items are added.
        response_id: The response.
        out_of_band: Whether the conversation is left alone.
    """

    outlet: Outlet
    send: Callable[[bytes], None]
    conversation: Conversation
    response_id: str
    out_of_band: bool

    def emit(self, kind: str, fields: Json) -> None:
        """Send one event of the response."""
        if not (self.out_of_band and kind in event_order.NOT_OUT_OF_BAND):
            self.send(self.outlet.message(kind, fields))


class Output(ABC):
    """One item of a response.

    Args:
        context: The response it belongs to.
        index: Its place among the response's outputs.
        wire: Fields of the item that only this kind has.
    """

    opening: tuple[str, ...]
    closing: tuple[str, ...]

    def __init__(self, context: ResponseContext, index: int, wire: Json) -> None:
        self._context, self._index = context, index
        head = {"id": context.outlet.new_id("item"), "object": "realtime.item"}
        self.item = Item({**head, "status": "in_progress", **wire})
        self.is_open = self.was_opened = False

    @property
    @abstractmethod
    def tokens(self) -> usage.Tokens:
        """Return what has been written so far."""

    def open(self) -> None:
        """Announce the item."""
        self.is_open = self.was_opened = True
        previous = None
        if not self._context.out_of_band:
            previous = self._context.conversation.add(self.item)
        self._walk(self.opening, previous, self._opening_fields())

    @abstractmethod
    def release(self) -> int | None:
        """Release what is due; return when there is more, `None` when that was all."""

    def close(self, status: str) -> None:
        """Finish the item: completed or incomplete."""
        self.is_open = False
        self.item.wire["status"] = status
        self._finish()
        previous = self._context.conversation.before(self.item.id)
        self._walk(self.closing, previous, self._closing_fields())

    @abstractmethod
    def _finish(self) -> None:
        """Put what was released into the item."""

    def _opening_fields(self) -> dict[str, Json]:
        return {}

    def _closing_fields(self) -> dict[str, Json]:
        return {}

    def _walk(self, kinds: tuple[str, ...], previous: str | None, own: dict[str, Json]) -> None:
        """Send the events of a table, in its order."""
        added = {"previous_item_id": previous, "item": self.item.wire}
        output = {"response_id": self._context.response_id, "output_index": self._index}
        for kind in kinds:
            if kind.startswith("conversation.item."):
                self._context.emit(kind, added)
            elif kind.startswith("response.output_item."):
                self._context.emit(kind, output | {"item": self.item.wire})
            else:
                self._context.emit(kind, own[kind])

    def _place(self) -> Json:
        """Return the fields that say which item of which response an event is about."""
        return {
            "response_id": self._context.response_id,
            "item_id": self.item.id,
            "output_index": self._index,
        }


class Message(Output):
    """Anything with a content part."""

    opening = event_order.RESPONSE_OPEN

    def __init__(self, context: ResponseContext, index: int, part: Json) -> None:
        super().__init__(context, index, {"type": "message", "role": "assistant", "content": []})
        self._part = part

    def _place(self) -> Json:
        return super()._place() | {"content_index": 0}

    def _opening_fields(self) -> dict[str, Json]:
        return {"response.content_part.added": self._place() | {"part": self._part}}


class Written(Message):
    """An answer in text.

    Args:
        context: The response it belongs to.
        index: Its place.
        text: What is written, word by word.
        faults: What goes wrong.

    Attributes:
        first_ns: When the first word was released, `None` before.
        last_ns: When it was whole; likewise.
        release_took_ns: How long sending the first word took.
    """

    closing = event_order.TEXT_CLOSE

    def __init__(self, context: ResponseContext, index: int, text: str, faults: Faults) -> None:
        super().__init__(context, index, {"type": "text", "text": ""})
        self._words, self._text, self._faults = text.split(), "", faults
        self._rest_at_middle = len(self._words) // 2
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.release_took_ns = 0

    @property
    def tokens(self) -> usage.Tokens:
        """Return what has been written so far."""
        return usage.Tokens(usage.text_tokens(self._text))

    def release(self) -> int | None:
        """Release one word."""
        if self.first_ns is None and self._faults.apply("stall"):
            time.sleep(self._faults.size("stall") / 1000)
        word = (" " if self._text else "") + self._words.pop(0)
        self._text += word
        released_ns = now_ns()
        self._context.emit("response.output_text.delta", self._place() | {"delta": word})
        if self.first_ns is None:
            self.first_ns, self.release_took_ns = released_ns, now_ns() - released_ns
        slip_ns = 0
        if len(self._words) == self._rest_at_middle:
            slip_ns = _go_wrong(self._faults, self._context.outlet)
        return now_ns() + _WORD_NS + slip_ns if self._words else None

    def _finish(self) -> None:
        self.last_ns = now_ns()
        self.item.wire["content"] = [{"type": "output_text", "text": self._text}]
        self.item.tokens = self.tokens

    def _closing_fields(self) -> dict[str, Json]:
        place, text = self._place(), self._text
        return {
            "response.output_text.done": place | {"text": text},
            "response.content_part.done": place | {"part": {"type": "text", "text": text}},
        }


class Called(Output):
    """A function call.

    Args:
        context: The response it belongs to.
        index: Its place.
        call: What is called.

    Attributes:
        called_ns: When the call was whole, `None` before.
    """

    opening, closing = event_order.CALL_OPEN, event_order.CALL_CLOSE

    def __init__(self, context: ResponseContext, index: int, call: FunctionCall) -> None:
        self.called_ns: int | None = None
        self._call_id = context.outlet.new_id("call")
        wire = {"type": "function_call", "call_id": self._call_id, "name": call.name}
        super().__init__(context, index, {**wire, "arguments": ""})
        half = len(call.arguments) // 2
        self._rest = [call.arguments[:half], call.arguments[half:]]
        self._name, self._written = call.name, ""

    @property
    def tokens(self) -> usage.Tokens:
        """Return what has been written so far."""
        return usage.Tokens(usage.text_tokens(self._name + self._written))

    def release(self) -> int | None:
        """Release one half of the arguments."""
        half = self._rest.pop(0)
        self._written += half
        fields = self._place() | {"call_id": self._call_id, "delta": half, "obfuscation": ""}
        self._context.emit("response.function_call_arguments.delta", fields)
        return now_ns() + _WORD_NS if self._rest else None

    def _finish(self) -> None:
        self.called_ns = now_ns()
        self.item.wire["arguments"] = self._written
        self.item.tokens = self.tokens

    def _closing_fields(self) -> dict[str, Json]:
        call = {"call_id": self._call_id, "name": self._name, "arguments": self._written}
        return {"response.function_call_arguments.done": self._place() | call}


class PlannedSpeech(Message):
    """An answer in speech.

    Args:
        context: The response it belongs to.
        index: Its place.
        answer: What is said.
        lead_samples: Silence in front of it.
        speed: Delivery, times real time.
        faults: What goes wrong.
    """

    closing = event_order.RESPONSE_CLOSE

    def __init__(
        self,
        context: ResponseContext,
        index: int,
        *,
        answer: SpokenAnswer,
        lead_samples: int,
        speed: float,
        faults: Faults,
    ) -> None:
        super().__init__(context, index, {"type": "audio", "transcript": ""})
        self._answer, self._lead_samples, self._speed = answer, lead_samples, speed
        self._faults = faults
        self._words = answer.transcript.split()
        self._words_sent = 0
        self._pieces, self._audible_piece = answer.with_lead(lead_samples)
        if "oversized" in faults:
            rest = answer.oversized(int(faults.size("oversized")))
            self._pieces = [*self._pieces[: self._audible_piece + 1], rest]
        self._middle = max(1, len(self._pieces) // 2)
        self._released = 0
        self._slip_ns = 0
        self.item.spoken_ms = 0
        self.samples_sent = 0
        self.first_ns: int | None = None
        self.release_took_ns = 0
        self.audible_ns: int | None = None
        self.last_ns: int | None = None

    @property
    def tokens(self) -> usage.Tokens:
        """Return what has been said so far."""
        return usage.spoken_tokens(self.samples_sent / self._answer.format.rate_hz, self._said)

    @property
    def _said(self) -> str:
        return " ".join(self._words[: self._words_sent])

    def open(self) -> None:
        """Announce the item, and let the transcript run ahead."""
        super().open()
        self._say(1)

    def release(self) -> int | None:
        """Release the next piece of audio."""
        if self.first_ns is None and self._faults.apply("stall"):
            time.sleep(self._faults.size("stall") / 1000)
        piece = self._pieces[self._released]
        self._say(-(-len(self._words) * (self._released + 2) // len(self._pieces)))
        delta = self._delta(piece.encoded)
        released_ns = now_ns()
        self._context.send(delta)
        self._account(piece.samples, released_ns, now_ns() - released_ns)
        if self._released == self._middle:
            self._slip_ns += _go_wrong(self._faults, self._context.outlet)
        if self._released == len(self._pieces):
            return None
        if self._faults.apply("burst"):
            return released_ns
        played_ns = ns_from_samples(self.samples_sent, self._answer.format.rate_hz)
        assert self.first_ns is not None
        return self.first_ns + round(played_ns / self._speed) + self._slip_ns

    @property
    def has_more(self) -> bool:
        """Whether some of it has been released, but not all."""
        return 0 < self._released < len(self._pieces)

    def release_late(self) -> None:
        """Send more audio although the response has ended, as servers do after a cancel."""
        for piece in self._pieces[self._released : self._released + 2]:
            self._context.send(self._delta(piece.encoded))

    def _account(self, samples: int, released_ns: int, took_ns: int) -> None:
        rate_hz = self._answer.format.rate_hz
        if self.first_ns is None:
            self.first_ns = released_ns
            self.release_took_ns = took_ns
        if self._released == self._audible_piece:
            # Heard at its release, or when a playout begun at the first release gets to it.
            self.release_took_ns = max(self.release_took_ns, took_ns)
            lead_ns = ns_from_samples(self._lead_samples, rate_hz)
            self.audible_ns = max(released_ns, self.first_ns + lead_ns)
            self._faults.apply("leading_silence")
        self.last_ns = released_ns
        self._released += 1
        self.samples_sent += samples
        self.item.spoken_ms = self.samples_sent * 1000 // rate_hz
        if self._released == len(self._pieces):
            self._faults.apply("oversized")

    def _say(self, words: int) -> None:
        """Send the transcript up to the given number of words."""
        more = self._words[self._words_sent : words]
        if not more:
            return
        text = " ".join(more) if not self._words_sent else " " + " ".join(more)
        self._words_sent += len(more)
        fields = self._place() | {"delta": text, "obfuscation": ""}
        self._context.emit("response.output_audio_transcript.delta", fields)

    def _delta(self, encoded: bytes) -> bytes:
        """Return an audio delta around audio that was encoded long ago."""
        head = (
            '{"type":"response.output_audio.delta",'
            f'"event_id":"{self._context.outlet.new_id("event")}",'
            f'"response_id":"{self._context.response_id}","item_id":"{self.item.id}",'
            f'"output_index":{self._index},"content_index":0,"delta":"'
        )
        return b"".join((head.encode(), encoded, b'"}'))

    def _finish(self) -> None:
        kept = self._said if self.item.kept_ms is None else ""
        self.item.wire["content"] = [{"type": "output_audio", "transcript": kept}]
        if self.item.kept_ms is None:
            self.item.tokens = self.tokens
        self.item.audio = partial(_audio, self._answer, self._lead_samples, self.item)

    def _closing_fields(self) -> dict[str, Json]:
        place, said = self._place(), self._said
        return {
            "response.output_audio.done": place,
            "response.output_audio_transcript.done": place | {"transcript": said},
            "response.content_part.done": place | {"part": {"type": "audio", "transcript": said}},
        }


def _go_wrong(faults: Faults, outlet: Outlet) -> int:
    """Carry out the faults that occur in the middle of a response; return the gap in ns."""
    gap_ns = round(faults.size("gap") * NS_PER_MS) if faults.apply("gap") else 0
    for name in faults.in_mid_response():
        faults.apply(name)
        outlet.strike(name, faults.size(name))
    return gap_ns


def _audio(answer: SpokenAnswer, lead_samples: int, item: Item) -> bytes:
    """Return the audio of an item that is still in the conversation."""
    kept_ms = item.spoken_ms if item.kept_ms is None else item.kept_ms
    samples = (kept_ms or 0) * answer.format.rate_hz // 1000
    whole = answer.format.silence(lead_samples) + answer.audio
    return whole[: samples * answer.format.sample_bytes]
