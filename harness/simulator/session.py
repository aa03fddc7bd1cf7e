"""One session: what a client's event means, and what is answered.

Knows no socket. A connection hands in whole messages with the instant they were received, and
offers to send, to close and to call back.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import msgspec

from harness.clock import NS_PER_MS, NS_PER_S, now_ns, wall_time
from harness.model import TruthRecord
from harness.simulator import configuration, orders, refusals
from harness.simulator.configuration import Json
from harness.simulator.conversation import Conversation, client_item
from harness.simulator.draws import Draws
from harness.simulator.listening import Heard, Listening
from harness.simulator.refusals import Refused
from harness.simulator.speaking import Speaking
from harness.simulator.timers import Timer

_TOKENS_PER_MINUTE = 15_000_000


class Link(Protocol):
    """The connection as its session sees it."""

    def send(self, message: bytes) -> None:
        """Send one text message."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""

    def at(self, due_ns: int, callback: Callable[[], None]) -> Timer:
        """Call back at an instant of the monotonic clock."""


class _Append(msgspec.Struct):
    """The one event that comes fifty times a second; its base64 is decoded while parsing."""

    type: str
    audio: bytes = b""

    @property
    def is_good(self) -> bool:
        """Whether it is an append of whole samples; all else is read the general way."""
        return (
            self.type == "input_audio_buffer.append"
            and len(self.audio) > 0
            and len(self.audio) % 2 == 0
        )


_encode = msgspec.json.Encoder().encode
_decode_append = msgspec.json.Decoder(_Append).decode
_decode = msgspec.json.Decoder().decode
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Session:
    """One session.

    Args:
        link: Its connection.
        tag: Part of every identifier, unique among all sessions there ever were.
        model: Model the client asked for.
        draws: Its own sources of chance.
        limit_s: Longest it may last.
        tell: Takes the truth about each response.
    """

    def __init__(
        self,
        link: Link,
        *,
        tag: str,
        model: str,
        draws: Draws,
        limit_s: float,
        tell: Callable[[TruthRecord], None],
    ) -> None:
        self._link, self._draws, self._tell = link, draws, tell
        self._tag = tag
        self._ids = 0
        self._limit_s = limit_s
        self._session = configuration.default_session(
            session_id=self.new_id("sess"),
            model=model,
            expires_at=int(wall_time().timestamp() + limit_s),
        )
        self._conversation = Conversation()
        self._listening = Listening(self, self._conversation)
        self._listening.configure(self._turn_detection)
        self._heard: Heard | None = None
        self._speaking: Speaking | None = None
        self._turns = 0
        self._event_id: str | None = None
        self._expiry: Timer | None = None

    # -- the outlet of a response ---------------------------------------------------------------

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        self._link.send(_encode({"type": kind, "event_id": self.new_id("event"), **fields}))

    def send(self, message: bytes) -> None:
        """Send a message that is already encoded."""
        self._link.send(message)

    def at(self, due_ns: int, callback: Callable[[], None]) -> Timer:
        """Ask to be called."""
        return self._link.at(due_ns, callback)

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""
        self._ids += 1
        return f"{prefix}_{self._tag}{self._ids:08d}"

    # -- from the connection --------------------------------------------------------------------

    def open(self) -> None:
        """Greet the client."""
        self.emit("session.created", session=self._session)
        self._expiry = self._link.at(now_ns() + round(self._limit_s * NS_PER_S), self._expire)

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take one text message; whatever it holds, the session goes on."""
        self._event_id = None
        try:
            self._receive(message, received_ns)
        except Refused as refused:
            self._refuse(refused)

    def receive_binary(self) -> None:
        """Answer a binary frame."""
        self._event_id = None
        self._refuse(refusals.binary_frame())

    def end(self) -> None:
        """Stop: the connection is gone."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._speaking is not None:
            self._speaking.abandon()

    def _receive(self, message: bytes, received_ns: int) -> None:
        try:
            append = _decode_append(message)
        except _NOT_JSON:
            append = None  # not an append, or a bad one; the general way finds the words
        if append is not None and append.is_good:
            self._listening.append(append.audio, received_ns)
            return
        try:
            event = _decode(message)
        except _NOT_JSON:
            raise refusals.not_json() from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise refusals.no_type()
        event_id = event.get("event_id")
        self._event_id = event_id if isinstance(event_id, str) else None
        handler = self._HANDLERS.get(event["type"])
        if handler is None:
            raise refusals.unknown_type(event["type"])
        handler(self, event, received_ns)

    def _refuse(self, refused: Refused) -> None:
        error = _error(refused.code, refused.message, refused.param, self._event_id)
        self.emit("error", error=error)

    def _expire(self) -> None:
        minutes = self._limit_s / 60
        words = f"Your session hit the maximum duration of {minutes:g} minutes."
        self.emit("error", error=_error("session_expired", words))
        self._link.close(1001, words)

    # -- configuration --------------------------------------------------------------------------

    @property
    def _turn_detection(self) -> Json | None:
        detection: Json | None = self._session["audio"]["input"]["turn_detection"]
        return detection

    def _session_update(self, event: Json, _received_ns: int) -> None:
        if "session" not in event:
            raise refusals.missing("session")
        changed = configuration.updated(
            self._session, event["session"], voice_is_set=self._conversation.has_spoken
        )
        if any(changed[name] != self._session[name] for name in ("instructions", "tools")):
            self._conversation.forget_cache()
        self._session = changed
        self._listening.configure(self._turn_detection)
        self.emit("session.updated", session=self._session)

    def _append(self, event: Json, received_ns: int) -> None:
        """Take an append the quick way could not read, or say what is wrong with it."""
        try:
            audio = base64.b64decode(_string(event, "audio"), validate=True)
        except (binascii.Error, ValueError):
            raise refusals.invalid("audio", "a base64 string") from None
        self._listening.append(audio, received_ns)

    def _buffer_commit(self, _event: Json, _received_ns: int) -> None:
        self._listening.commit()

    def _buffer_clear(self, _event: Json, _received_ns: int) -> None:
        self._listening.clear()
        self.emit("input_audio_buffer.cleared")

    # -- from the caller's audio ----------------------------------------------------------------

    def speech_started(self, *, interrupt: bool) -> None:
        """Stop talking when the caller begins to."""
        if self._speaking is not None and interrupt:
            self._speaking.cancel("turn_detected")

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Answer the caller's turn, or keep what is needed to answer it when asked to."""
        self._heard = heard
        if not respond:
            return
        if self._speaking is None:
            self._respond({})
        else:
            self._event_id = None
            self._refuse(refusals.already_active(self._speaking.id))

    # -- items ----------------------------------------------------------------------------------

    def _item_create(self, event: Json, _received_ns: int) -> None:
        if "item" not in event:
            raise refusals.missing("item")
        after = event.get("previous_item_id")
        if after is not None and not isinstance(after, str):
            raise refusals.invalid("previous_item_id", "a string or null")
        item = client_item(event["item"], lambda: self.new_id("item"))
        previous = self._conversation.add(item, after)
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.emit(kind, previous_item_id=previous, item=item.wire)

    def _item_retrieve(self, event: Json, _received_ns: int) -> None:
        item = self._conversation.find("retrieve", _string(event, "item_id"))
        self.emit("conversation.item.retrieved", item=item.wire)

    def _item_delete(self, event: Json, _received_ns: int) -> None:
        item_id = _string(event, "item_id")
        self._conversation.delete(item_id)
        self.emit("conversation.item.deleted", item_id=item_id)

    def _item_truncate(self, event: Json, _received_ns: int) -> None:
        item_id = _string(event, "item_id")
        content_index = _whole(event, "content_index")
        audio_end_ms = _whole(event, "audio_end_ms")
        if content_index != 0:
            raise refusals.invalid("content_index", "0")
        self._conversation.truncate(item_id, audio_end_ms)
        self.emit(
            "conversation.item.truncated",
            item_id=item_id,
            content_index=content_index,
            audio_end_ms=audio_end_ms,
        )

    # -- responses ------------------------------------------------------------------------------

    def _response_create(self, event: Json, _received_ns: int) -> None:
        options = configuration.checked_response(event.get("response"))
        if self._speaking is not None:
            raise refusals.already_active(self._speaking.id)
        self._respond(options)

    def _response_cancel(self, event: Json, _received_ns: int) -> None:
        asked = event.get("response_id")
        if self._speaking is None or (asked is not None and asked != self._speaking.id):
            raise refusals.nothing_to_cancel()
        self._speaking.cancel("client_cancelled")

    def _respond(self, options: Json) -> None:
        heard = self._heard or self._listening.what_was_heard(None)
        self._heard = None
        self._speaking = Speaking(
            self,
            self._conversation,
            session=self._session,
            options=options,
            heard=heard,
            asked_ns=now_ns(),
            drawn=self._draws.response(),
            turn_index=self._turns,
            ended=self._spoken,
        )
        self._turns += 1
        self._speaking.begin()

    def _spoken(self, truth: TruthRecord, tokens: int) -> None:
        """A response has ended: tell the truth, and soon after it the rate limits."""
        self._speaking = None
        self._tell(truth)
        limits = [
            {
                "name": "tokens",
                "limit": _TOKENS_PER_MINUTE,
                "remaining": max(0, _TOKENS_PER_MINUTE - tokens),
                "reset_seconds": round(tokens * 60 / _TOKENS_PER_MINUTE, 3),
            }
        ]
        due_ns = now_ns() + round(self._draws.rate_limits_ms() * NS_PER_MS)
        self._link.at(due_ns, lambda: self.emit(orders.RATE_LIMITS[0], rate_limits=limits))

    _HANDLERS: ClassVar[dict[str, Callable[["Session", Json, int], None]]] = {
        "session.update": _session_update,
        "input_audio_buffer.append": _append,
        "input_audio_buffer.commit": _buffer_commit,
        "input_audio_buffer.clear": _buffer_clear,
        "conversation.item.create": _item_create,
        "conversation.item.retrieve": _item_retrieve,
        "conversation.item.delete": _item_delete,
        "conversation.item.truncate": _item_truncate,
        "response.create": _response_create,
        "response.cancel": _response_cancel,
    }


def refusal_event(code: str | None, message: str) -> bytes:
    """Return the `error` event of a client that gets no session."""
    return _encode(
        {
            "type": "error",
            "event_id": f"event_{secrets.token_hex(11)[:21]}",
            "error": _error(code, message),
        }
    )


def _error(
    code: str | None, message: str, param: str | None = None, event_id: str | None = None
) -> Json:
    return {
        "type": "invalid_request_error",
        "code": code,
        "message": message,
        "param": param,
        "event_id": event_id,
    }


def _string(event: Json, name: str) -> str:
    if event.get(name) is None:
        raise refusals.missing(name)
    if not isinstance(event[name], str):
        raise refusals.invalid(name, "a string")
    return str(event[name])


def _whole(event: Json, name: str) -> int:
    if event.get(name) is None:
        raise refusals.missing(name)
    if isinstance(event[name], bool) or not isinstance(event[name], int) or event[name] < 0:
        raise refusals.invalid(name, "an integer of 0 or more")
    return int(event[name])
