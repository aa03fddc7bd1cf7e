"""One session: what a client's event means, and what is answered.

Knows no socket. A connection hands in whole messages with the instant they were received, and
offers to send, to close and to call back.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from harness.clock import now_ns, wall_time
from harness.model import NS_PER_MS, NS_PER_S
from harness.simulator.protocol import configuration, event_order, refusals
from harness.simulator.protocol.answers import NewAnswers
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation, client_item
from harness.simulator.protocol.refusals import Refused
from harness.simulator.protocol.session_limits import Link, SessionLimits
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.listening import Listening
from harness.simulator.voice.recorder import Recorder
from harness.simulator.voice.sound_formats import SoundFormat


class _Append(msgspec.Struct, gc=False):
    """The one event that comes fifty times a second; its base64 is decoded while parsing."""

    type: str
    audio: bytes = b""


_APPEND = "input_audio_buffer.append"
_encode = msgspec.json.Encoder().encode
_decode_append = msgspec.json.Decoder(_Append).decode
_decode = msgspec.json.Decoder().decode
_CLOSE_REASONS = {
    "close_1001": "going away",
    "close_1011": "internal error",
    "close_1013": "try again later",
}
_NOTHING: Json = {}
_LONGEST_KNOWN = 16_000
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


@lru_cache(maxsize=64)
def _known(message: bytes, audio: bytes) -> tuple[bytes, bytes]:
    """Return an equal object that all sessions share."""
    return message, audio


class Session:
    """One session.

    Args:
        link: Its connection.
        tag: Part of every identifier, unique among all sessions there ever were.
        model: Model the client asked for.
        answers: Makes what answers its turns.
        limits: What its server allows it.
        transcribes: Whether it only transcribes.
        minted: The session its ephemeral key was made for.
        recognise: Takes what the caller says as it comes, `None` for nobody.
    """

    def __init__(
        self,
        link: Link,
        *,
        tag: str,
        model: str,
        answers: NewAnswers,
        limits: SessionLimits,
        transcribes: bool = False,
        minted: Json = _NOTHING,
        recognise: Callable[[bytes, SoundFormat], None] | None = None,
    ) -> None:
        self._link, self._limits = link, limits
        self._tag = tag
        self._ids = 0
        self._transcribes = transcribes
        session_id = self.new_id("sess")
        expires_at = int(wall_time().timestamp() + limits.limit_s)
        if transcribes:
            self._session = configuration.transcription_session(
                session_id=session_id, expires_at=expires_at
            )
        else:
            self._session = configuration.default_session(
                session_id=session_id, model=model, expires_at=expires_at
            )
        own = ("id", "model", "expires_at")
        self._session |= {name: value for name, value in minted.items() if name not in own}
        self._conversation = Conversation()
        self._recorder: Recorder | None = None
        if limits.heard is not None:
            self._recorder = Recorder(limits.heard, self._session["id"])
        self._listening = Listening(
            self,
            self._conversation,
            null=limits.null,
            archive=None if limits.null else limits.archive,
            record=self._recorder,
            recognise=recognise,
        )
        self._answers = answers(self, self._conversation, self._listening)
        self.patience_ms = self._answers.patience_ms
        self.is_deaf = self._answers.is_deaf
        self.premature_ms = self._answers.premature_ms
        self.speech_started = self._answers.speech_started
        self.turn_ended = self._answers.turn_ended
        self._listening.configure(self._session["audio"]["input"])
        self._silence = (b"", b"")
        self._event_id: str | None = None
        self._expiry: Deadline | None = None

    # -- the outlet of a response ---------------------------------------------------------------

    @property
    def configuration(self) -> Json:
        """The session object in effect."""
        return self._session

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        self._link.send(self.message(kind, fields))

    def message(self, kind: str, fields: Json) -> bytes:
        """Return one event with an id of its own, encoded."""
        if self._transcribes and kind in event_order.CREATED:
            # As captured: items of a transcription session do not say what they follow.
            fields = {"item": fields["item"]}
        return _encode({"type": kind, "event_id": self.new_id("event"), **fields})

    def send(self, message: bytes) -> None:
        """Send a message that is already encoded."""
        self._link.send(message)

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Ask to be called."""
        return self._link.at(due_ns, callback)

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""
        self._ids += 1
        return f"{prefix}_{self._tag}{self._ids:08d}"

    def refuse(self, refused: Refused) -> None:
        """Send one `error` event about nothing the client has just sent."""
        self._event_id = None
        self._refuse(refused)

    def strike(self, fault: str, size: float) -> None:
        """Carry out a fault that concerns the connection."""
        if fault.startswith("close_"):
            self._link.close(int(fault.removeprefix("close_")), _CLOSE_REASONS[fault])
        elif fault == "death":
            self._link.die_in_mid_frame()
        elif fault == "reset":
            self._link.reset()
        elif fault == "expiry":
            self._expire()
        elif fault == "slow_reader":
            self._link.stop_reading(round(size * NS_PER_MS))
        elif fault == "malformed":
            self._link.send(b'{"type":"response.output_audio.delta","event_id":"event_')
        elif fault == "unknown_event":
            self.emit("response.output_hologram.delta", delta="")

    # -- from the connection --------------------------------------------------------------------

    def open(self) -> None:
        """Greet the client."""
        self.emit("session.created", session=self._session)
        due_ns = now_ns() + round(self._limits.limit_s * NS_PER_S)
        self._expiry = self._link.at(due_ns, self._expire)

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take one text message; whatever it holds, the session goes on."""
        if message == self._silence[0]:
            self._listening.append(self._silence[1], received_ns)
            return
        self._event_id = None
        try:
            append = _decode_append(message)
        except _NOT_JSON:
            append = None  # not an append, or a bad one; the general path says what is wrong
        try:
            if (
                append is None
                or append.type != _APPEND
                or not append.audio
                or len(append.audio) % 2
            ):
                self._receive(message, received_ns)
                return
            self._listening.append(append.audio, received_ns)
            if len(message) < _LONGEST_KNOWN and self._listening.is_silence(append.audio):
                self._silence = _known(message, append.audio)  # the next one need not be read
        except Refused as refused:
            self._refuse(refused)

    def receive_binary(self, _message: bytes, _received_ns: int) -> None:
        """Refuse a binary message."""
        self.refuse(refusals.binary_frame())

    def end(self) -> None:
        """Stop: the connection is gone."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._answers.end()
        if self._recorder is not None:
            self._recorder.close()

    def _receive(self, message: bytes, received_ns: int) -> None:
        try:
            event = _decode(message)
        except _NOT_JSON:
            raise refusals.not_json() from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise refusals.no_type()
        event_id = event.get("event_id")
        self._event_id = event_id if isinstance(event_id, str) else None
        if self._transcribes and event["type"].startswith("response."):
            raise refusals.no_responses(event["type"])
        handler = self._HANDLERS.get(event["type"])
        if handler is None:
            raise refusals.unknown_type(event["type"])
        handler(self, event, received_ns)

    def _refuse(self, refused: Refused) -> None:
        error = _error(refused.code, refused.message, refused.param, self._event_id)
        self.emit("error", error=error)

    def _expire(self) -> None:
        minutes = self._limits.limit_s / 60
        words = f"Your session hit the maximum duration of {minutes:g} minutes."
        self.emit("error", error=_error("session_expired", words))
        self._link.close(1001, words)

    # -- configuration --------------------------------------------------------------------------

    def _session_update(self, event: Json, _received_ns: int) -> None:
        if "session" not in event:
            raise refusals.missing("session")
        changed = configuration.updated(
            self._session, event["session"], voice_is_set=self._conversation.has_spoken
        )
        session = self._session
        if any(changed.get(name) != session.get(name) for name in ("instructions", "tools")):
            self._conversation.forget_cache()
        self._session = changed
        self._silence = (b"", b"")
        self._listening.configure(changed["audio"]["input"])
        self.emit("session.updated", session=self._session)

    # -- the caller's audio ---------------------------------------------------------------------

    def _append(self, event: Json, received_ns: int) -> None:
        """Take an append the fast path could not read, or say what is wrong with it."""
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

    # -- items ----------------------------------------------------------------------------------

    def _item_create(self, event: Json, _received_ns: int) -> None:
        if "item" not in event:
            raise refusals.missing("item")
        after = event.get("previous_item_id")
        if after is not None and not isinstance(after, str):
            raise refusals.invalid("previous_item_id", "a string or null")
        item = client_item(event["item"], lambda: self.new_id("item"))
        previous = self._conversation.add(item, after)
        for kind in event_order.CREATED:
            self.emit(kind, previous_item_id=previous, item=item.wire)

    def _item_retrieve(self, event: Json, _received_ns: int) -> None:
        item = self._conversation.find("retrieve", _string(event, "item_id"))
        self.emit("conversation.item.retrieved", item=item.with_audio())

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
        self._answers.create(configuration.checked_response(event.get("response")))

    def _response_cancel(self, event: Json, _received_ns: int) -> None:
        self._answers.cancel(event.get("response_id"))

    _HANDLERS: ClassVar[dict[str, Callable[["Session", Json, int], None]]] = {
        "session.update": _session_update,
        _APPEND: _append,
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
