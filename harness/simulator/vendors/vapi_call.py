"""A call of Vapi's in front of the simulated service, and the creation of calls over REST."""

import secrets
from dataclasses import replace
from typing import Any

import msgspec

from harness.clock import now_ns
from harness.model import NS_PER_MS, NS_PER_S, TruthRecord
from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.vendors.agent import VendorAgent, encode
from harness.simulator.vendors.vapi_books import VapiBook

CREATES = "/call"
"""Where calls are created."""
SOCKET = "/*/transport"
"""Any call's socket; what stands for the call is made when it is created."""

_RATE_HZ = 16_000
_BYTES_PER_S = 2 * _RATE_HZ
_FRAME_NS = 20 * NS_PER_MS
_SILENCE = bytes(_BYTES_PER_S * _FRAME_NS // NS_PER_S)
_FORMAT = {"format": "pcm_s16le", "container": "raw", "sampleRate": _RATE_HZ}
_MOST_KEPT = 10_000


class VapiCalls:
    """The calls that were created: which nobody has dialled yet, and what is known of each.

    Args:
        at_once: How many may be open; `None` for any number. One more is queued.
    """

    def __init__(self, at_once: int | None = None) -> None:
        self._at_once = at_once
        self._waiting: dict[str, str] = {}
        self._books: dict[str, VapiBook] = {}
        self._created = 0
        self._tag = secrets.token_hex(4)

    def create(self, body: bytes, socket: str) -> dict[str, Any] | None:
        """Create a call; the oldest is forgotten when there are too many.

        Args:
            body: What was posted.
            socket: Scheme and host of the server's sockets.

        Returns:
            The call, `None` where something else was asked for than an agent's call over a socket.
        """
        try:
            asked = msgspec.json.decode(body)
            transport = asked["transport"]
            right = transport["audioFormat"] == _FORMAT and "assistant" in " ".join(asked)
            right = right and transport["provider"] == "vapi.websocket"
        except (msgspec.MsgspecError, UnicodeError, KeyError, TypeError):
            return None
        if not right:
            return None
        for kept in (self._waiting, self._books):
            while len(kept) >= _MOST_KEPT:
                del kept[next(iter(kept))]
        taken = sum(book.is_open for book in self._books.values())
        blocked = self._at_once is not None and taken >= self._at_once
        self._created += 1
        name, place = f"session-{self._tag}{self._created:05d}", secrets.token_hex(16)
        self._waiting[place] = name
        address = f"{socket}/{place}/transport"
        transport = {"provider": "vapi.websocket", "audioFormat": _FORMAT}
        book = self._books[name] = VapiBook(name, {**transport, "websocketCallUrl": address})
        limits: dict[str, Any] = {"concurrencyBlocked": blocked}
        if self._at_once is not None:
            limits["concurrencyLimit"] = self._at_once
            limits["remainingConcurrentCalls"] = max(0, self._at_once - taken)
        return {**book.told(), "subscriptionLimits": limits}

    def __contains__(self, place: str) -> bool:
        """Whether a call waits for its socket to be dialled."""
        return place in self._waiting

    def take(self, place: str) -> str:
        """Return the name of such a call, whose socket is dialled now."""
        return self._waiting.pop(place)

    def book(self, name: str) -> VapiBook | None:
        """Return what is known of a call, `None` where there is none of this name."""
        return self._books.get(name)

    def delete(self, name: str) -> dict[str, Any] | None:
        """End a call that nobody has dialled, and return it; `None` where there is none."""
        book = self._books.get(name)
        if book is None:
            return None
        self._waiting = {place: call for place, call in self._waiting.items() if call != name}
        book.end("call-deleted")
        return book.told()


class VapiCall(VendorAgent):
    """Binary linear audio at 16 kHz in both directions, a stream with silence between responses."""

    def __init__(self, link: Link, new_session: NewSession, identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=_RATE_HZ, says_hz=_RATE_HZ)
        self.identifier = identifier
        # Until when a response takes to be heard, and all that was sent; silence comes after it.
        self._says_until_ns = self._heard_until_ns = self._next_ns = now_ns()
        self._answers = False
        self._book: VapiBook | None = None
        # How long what was sent before keeps a response from being heard, once that is known.
        self._waits_ns: int | None = 0

    def enter_in(self, book: VapiBook | None) -> None:
        """Keep a book of the call, from now to its end."""
        self._book = book
        if book is not None:
            book.begin()

    def end(self) -> None:
        """Stop: the caller is gone."""
        super().end()
        if self._book is not None:
            self._book.end("customer-ended-call")

    def open(self) -> None:
        """Begin: the call was configured when it was created."""
        self.begin_with(now_ns())
        self._tell("status-update", status="in-progress")
        self._fill()

    def understand(self, message: dict[str, Any], _received_ns: int) -> None:
        """Take the end of the call."""
        if message["type"] == "end-call":
            self._link.close(1000, "")

    def say(self, audio: bytes) -> None:
        """Send audio."""
        if self._waits_ns is None:
            self._waits_ns = max(0, self._heard_until_ns - now_ns())
        self._play(audio)
        self._says_until_ns = self._heard_until_ns

    def translate(self, event: dict[str, Any]) -> None:
        """Send what Vapi tells of turns."""
        match event["type"]:
            case "input_audio_buffer.speech_started":
                self._says_until_ns = self._heard_until_ns = now_ns()
                self._answers = False
                self._tell("speech-update", status="started", role="user")
            case "input_audio_buffer.speech_stopped":
                self._answers = True
                self._tell("speech-update", status="stopped", role="user")
            case "response.created":
                self._waits_ns = None
                self._tell("speech-update", status="started", role="assistant")
            case "response.output_audio_transcript.done":
                words = {"transcriptType": "final", "transcript": event["transcript"]}
                self._tell("transcript", role="assistant", **words)
            case "response.done":
                self._answers = False
                self._tell("speech-update", status="stopped", role="assistant")
            case "error":
                reason = f"call.in-progress.error-{event['error']['code']}"
                self._tell("status-update", status="ended", endedReason=reason)

    def as_heard(self, truth: TruthRecord) -> TruthRecord:
        """Return the truth about a response, heard after what is left of the frame before it."""
        if self._book is not None:
            self._book.add_turn(truth)
        first_ns, audible_ns = truth.first_audio_released_ns, truth.first_audible_heard_ns
        if not self._waits_ns or first_ns is None or audible_ns is None:
            return truth
        in_turn_ns = first_ns + self._waits_ns + round(truth.lead_silence_ms * NS_PER_MS)
        return replace(truth, first_audible_heard_ns=max(audible_ns, in_turn_ns))

    def _fill(self) -> None:
        """Send the silence of one frame, unless something is said or about to be."""
        if not self._answers and now_ns() >= self._says_until_ns:
            self._play(_SILENCE)
        self._next_ns += _FRAME_NS
        self._link.at(self._next_ns, self._fill)

    def _play(self, audio: bytes) -> None:
        """Send audio, which a listener hears after what was sent before."""
        begins_ns = max(now_ns(), self._heard_until_ns)
        self._heard_until_ns = begins_ns + len(audio) * NS_PER_S // _BYTES_PER_S
        self._link.send_binary(audio)

    def _tell(self, kind: str, **fields: Any) -> None:
        self._link.send(encode({"type": kind, **fields}))
