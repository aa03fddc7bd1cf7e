"""A simulated call of Vapi's on a clock of the test's own."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from harness.model import TruthRecord
from harness.simulator.vendors import vapi_call
from harness.simulator.vendors.vapi_call import VapiCall

MS = 1_000_000
RATE_HZ, SERVICE_RATE_HZ = 16_000, 24_000
LOUD = np.full(SERVICE_RATE_HZ // 10 + 1, 20_000, "<i2").tobytes()
QUIET = bytes(2 * SERVICE_RATE_HZ // 10)


class Link:
    """The client's connection, and the service's session: keeps what is sent, takes the rest."""

    def __init__(self) -> None:
        self.audio: list[bytes] = []
        self.due: list[tuple[int, Callable[[], None]]] = []

    def send(self, _message: bytes) -> None:
        pass

    def send_binary(self, message: bytes) -> None:
        self.audio.append(message)

    def at(self, due_ns: int, callback: Callable[[], None]) -> None:
        self.due.append((due_ns, callback))

    def open(self) -> None:
        pass

    def receive(self, _message: bytes, _received_ns: int) -> None:
        pass


class Call:
    """A call that is open, and a clock that is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        self.link = Link()
        monkeypatch.setattr(vapi_call, "now_ns", lambda: self.now_ns)

        def new_session(_link: Any, told: Callable[[TruthRecord], TruthRecord]) -> Any:
            self.told = told
            return self.link

        self.call = VapiCall(self.link, new_session, "call-1")  # type: ignore[arg-type]
        self.call.open()

    def until(self, ms: float) -> None:
        """Let what is due happen in order."""
        while self.link.due and self.link.due[0][0] <= ms * MS:
            self.now_ns, happens = self.link.due.pop(0)
            happens()
        self.now_ns = round(ms * MS)

    def event(self, kind: str, **fields: Any) -> None:
        """Have the service send an event."""
        self.call.send(msgspec.json.encode({"type": kind, **fields}))

    def says(self, audio: bytes) -> None:
        """Have the service say something."""
        self.event("response.output_audio.delta", delta=base64.b64encode(audio).decode())


def truth(released_ms: int, lead_ms: float, audible_ms: float) -> TruthRecord:
    return TruthRecord(
        session_id="s",
        response_id="r",
        turn_index=0,
        frame_end_samples=(24_000,),
        frame_received_ns=(0,),
        heard_end_sample=None,
        endpoint_ns=0,
        drawn_ms=0.0,
        lead_silence_ms=lead_ms,
        first_audio_due_ns=0,
        first_audio_released_ns=released_ms * MS,
        first_audible_heard_ns=round(audible_ms * MS),
    )


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    return Call(monkeypatch)


def test_an_answer_is_truly_heard_after_what_is_left_of_the_silence_before_it(call: Call) -> None:
    call.until(65)  # silence is sent at 0, 20, 40 and 60, and the last is heard until 80
    call.event("input_audio_buffer.speech_stopped")
    call.event("response.created")
    call.says(QUIET + LOUD)
    assert call.told(truth(65, 100.0, 165)).first_audible_heard_ns == 180 * MS
    # One that was released later than its turn is heard when it is released.
    assert call.told(truth(65, 100.0, 190)).first_audible_heard_ns == 190 * MS


def test_an_answer_after_a_pause_is_heard_at_once_and_the_next_waits_for_itself(call: Call) -> None:
    call.until(5)
    call.event("input_audio_buffer.speech_stopped")
    call.until(90)
    call.event("response.created")
    call.says(LOUD)
    assert call.told(truth(90, 0.0, 90)).first_audible_heard_ns == 90 * MS
    call.says(LOUD)  # waits for the piece before, which is no delay of the response
    assert call.told(truth(90, 0.0, 90)).first_audible_heard_ns == 90 * MS


def test_nothing_of_a_response_is_heard_in_the_next(call: Call) -> None:
    for audio in (LOUD, QUIET):
        call.event("response.created")
        call.says(audio)
        call.event("response.done")
    assert not np.frombuffer(call.link.audio[-1], "<i2").any()


def test_silence_goes_on_once_a_response_has_been_heard(call: Call) -> None:
    call.until(1)
    call.event("response.created")
    call.says(QUIET)
    call.event("response.done")
    sent = len(call.link.audio)
    call.until(119)  # the answer is heard from 20 to 120
    assert len(call.link.audio) == sent
    call.until(141)
    assert len(call.link.audio) == sent + 2
