"""An application that answers phone calls over a carrier's socket, with the simulated service.

It does what such applications do: it passes the caller's audio on to a realtime session, sends the
session's audio back with a mark after each response, and takes back what has not been played when
the caller is heard meanwhile. Keys of the telephone are answered after `#`, or when no more come.
"""

import base64
import binascii
from dataclasses import replace
from typing import Any

import msgspec

from harness.clock import now_ns
from harness.model import NS_PER_MS, TruthRecord
from harness.simulator.carrier.words import CarrierWords
from harness.simulator.protocol.fronted_session import FrontedSession, NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.linear_audio import SERVICE_RATE_HZ, Resampler

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_DELTA = "response.output_audio.delta"
_LAST_KEY = "#"
_MORE_KEYS_NS = 1_000 * NS_PER_MS
_NO_MESSAGE = (msgspec.MsgspecError, UnicodeError, KeyError, TypeError, ValueError, binascii.Error)


class _FromService(msgspec.Struct):
    type: str
    delta: str = ""


_decode_service = msgspec.json.Decoder(_FromService).decode


class CarrierApplication(FrontedSession):
    """One call.

    Args:
        link: The carrier's connection.
        words: What that carrier says.
        new_session: Makes the session that answers.
    """

    def __init__(self, link: Link, words: CarrierWords, new_session: NewSession) -> None:
        super().__init__(link, new_session)
        self._words = words
        self._stream = ""
        self._heard = self._said = Resampler(1, 1)
        # Of linear audio; G.711 is passed on as it is.
        self._rate_hz: int | None = None
        self._responses = 0
        # Marks that have not come back, and whether audio was sent since the last one.
        self._outstanding: set[str] = set()
        self._speaks = False
        self._no_more_keys: Deadline | None = None

    # -- a session, as the carrier's connection sees it -----------------------------------------

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take a message of the carrier; an invalid one ends the call."""
        try:
            self._take(_decode(message), received_ns)
        except _NO_MESSAGE:
            self._link.close(1003, "not a message of a media stream")

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take the audio of a carrier that sends it so; from any other it ends the call."""
        if not self._words.binary or len(message) % 2:
            self._link.close(1003, "a media stream has no such binary messages")
            return
        self.hear_encoded(base64.b64encode(self._heard.feed(message)), received_ns)

    def _take(self, said: dict[str, Any], received_ns: int) -> None:
        words, event = self._words, said["event"]
        if event == "media":
            audio = str(said["media"]["payload"]).encode()
            if self._rate_hz is not None:
                audio = base64.b64encode(self._heard.feed(base64.b64decode(audio, validate=True)))
            self.hear_encoded(audio, received_ns)
        elif event == words.begins and not self.has_begun:
            self._begin(said, received_ns)
        elif event == words.returned:
            self._outstanding.discard(words.name_of(said))
        elif event == words.key_event:
            self._press(words.key_of(said), received_ns)
        elif event == "stop":
            self._link.close(1000, "")

    def _begin(self, start: dict[str, Any], received_ns: int) -> None:
        self._stream = self._words.stream_of(start)
        rate_hz = self._words.rate_of(start)
        kind: dict[str, Any] = {"type": "audio/pcmu"}
        if rate_hz is not None:
            kind = {"type": "audio/pcm", "rate": SERVICE_RATE_HZ}
            self._rate_hz = rate_hz
            self._heard = Resampler(rate_hz, SERVICE_RATE_HZ)
            self._said = Resampler(SERVICE_RATE_HZ, rate_hz)

        def told(truth: TruthRecord) -> TruthRecord:
            if rate_hz is not None:
                ends = tuple(end * rate_hz // SERVICE_RATE_HZ for end in truth.frame_end_samples)
                truth = replace(truth, frame_end_samples=ends)
            return replace(truth, session_id=self._stream) if self._stream else truth

        self.begin(kind, told, received_ns)

    def _press(self, key: str, received_ns: int) -> None:
        """Take a key: the caller's turn is over with the last one."""
        if self._no_more_keys is not None:
            self._no_more_keys.cancel()
        due_ns = received_ns if key == _LAST_KEY else now_ns() + _MORE_KEYS_NS
        self._no_more_keys = self._link.at(due_ns, self._answer_keys)

    def _answer_keys(self) -> None:
        self.ask({"type": "response.create"}, now_ns())

    # -- a connection, as the session sees it ---------------------------------------------------

    def send(self, message: bytes) -> None:
        """Pass on the events that the carrier has messages for."""
        try:
            said = _decode_service(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._link.send(message)  # a planned fault
            return
        if said.type == "response.created" and self._rate_hz is not None:
            # Otherwise the end of the response before would be heard in its first sample.
            self._said = Resampler(SERVICE_RATE_HZ, self._rate_hz)
        elif said.type == _DELTA:
            self._speaks = True
            self._say(said.delta)
        elif said.type == "response.output_audio.done" and self._speaks:
            self._responses += 1
            name = f"response-{self._responses}"
            self._outstanding.add(name)
            self._speaks = False
            self._link.send(_encode(self._words.mark(self._stream, name)))
        elif said.type == "input_audio_buffer.speech_started" and self._is_heard():
            self._speaks = False
            self._link.send(_encode(self._words.clear(self._stream)))
            self._outstanding.clear()

    def _is_heard(self) -> bool:
        """Return whether audio may still be playing to the caller."""
        return self._speaks or bool(self._outstanding)

    def _say(self, audio: str) -> None:
        if self._rate_hz is not None:
            samples = self._said.feed(base64.b64decode(audio))
            if self._words.binary:
                self._link.send_binary(samples)
                return
            audio = base64.b64encode(samples).decode()
        self._link.send(_encode(self._words.audio(self._stream, audio)))
