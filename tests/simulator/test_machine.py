"""Any client at all: legal and illegal events in any order, at any rate, on a clock we turn.

The session answers or refuses, every event it sends is valid, and when the client is gone nothing
of it stays behind.
"""

import base64
import heapq
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from harness.corpus import speech_like
from harness.model import TruthRecord
from harness.simulator import FAULTS, FaultRule, Preset, ToolRule
from harness.simulator.chance.draws import Draws
from harness.simulator.protocol import event_order, refusals
from harness.simulator.protocol.session import Session
from harness.simulator.protocol.session_limits import SessionLimits
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.answering import Answering
from harness.simulator.voice.spoken_answers import SpokenAnswers
from tests.simulator.conftest import server_event

_PRESET = Preset(name="quick", shift_ms=0, median_ms=30, sigma=0.5, first_turn_ms=20)
_SPEECH = speech_like(np.random.default_rng(1), 1.0, 24_000)
_SPOKEN = SpokenAnswers(3, 2)

_TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}


class _Link:
    """A connection to nobody, on a clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed: int | str | None = None
        self._heap: list[tuple[int, int, Deadline]] = []
        self._added = 0

    def send(self, message: bytes) -> None:
        if self.closed is None:
            self.sent.append(message)

    def send_binary(self, message: bytes) -> None:
        raise AssertionError(message)

    def close(self, code: int, reason: str) -> None:
        assert reason
        self.closed = self.closed or code

    def reset(self) -> None:
        self.closed = self.closed or "reset"

    def die_in_mid_frame(self) -> None:
        self.closed = self.closed or "death"

    def stop_reading(self, duration_ns: int) -> None:
        assert duration_ns > 0

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        timer = Deadline(due_ns, callback)
        self._added += 1
        heapq.heappush(self._heap, (due_ns, self._added, timer))
        return timer

    @property
    def waiting(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._heap)

    def fire(self, most: int) -> None:
        """Let the next deadlines come, in order, but not the end of the session."""
        for _ in range(most):
            if self.closed is not None or len(self._heap) == 1:
                return  # what is left is the session's expiry
            callback = heapq.heappop(self._heap)[2].callback
            if callback is not None:
                callback()


def _append(samples: Any) -> bytes:
    audio = base64.b64encode(samples.astype("<i2").tobytes()).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio}).encode()


_SHORT = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
_JUNK = st.recursive(
    _SHORT,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["type", "audio", "input", "output", "turn_detection", "format", "item", "id", "role",
             "content", "session", "response", "tools", "metadata", "conversation", "item_id"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip
_DETECTIONS = st.sampled_from(
    [
        None,
        {"type": "server_vad", "silence_duration_ms": 100, "idle_timeout_ms": 500},
        {"type": "server_vad", "create_response": False},
        {"type": "server_vad", "interrupt_response": False},
        {"type": "semantic_vad", "eagerness": "high"},
    ]
)
_FORMATS = st.sampled_from(["audio/pcm", "audio/pcmu", "audio/pcma"]).map(
    lambda name: {"type": name} | ({"rate": 24_000} if name == "audio/pcm" else {})
)


class Client(RuleBasedStateMachine):
    """One client of a session with every fault there is, each now and then."""

    transcribes = False

    def __init__(self) -> None:
        super().__init__()
        self.link = _Link()
        self.truths: list[TruthRecord] = []
        names = sorted(set(FAULTS) - {"stall", "malformed", "unknown_event"})
        draws = Draws(
            seed=1,
            session_number=0,
            preset=_PRESET,
            answers=_SPOKEN,
            faults=tuple(FaultRule(name=name, probability=0.05) for name in names),
            tools=ToolRule(probability=0.3, preamble=0.5),
        )
        self.session = Session(
            self.link,
            tag="t",
            model="m",
            answers=lambda session, conversation, listening: Answering(
                session,
                conversation,
                listening,
                draws,
                speed=5,
                capacity=None,
                tell=self.truths.append,
                transcribes=self.transcribes,
            ),
            limits=SessionLimits(limit_s=3600),
            transcribes=self.transcribes,
        )
        self.session.open()
        self.checked = 0
        self.now = 1
        self.items: list[str] = []

    def _send(self, kind: str, **fields: Any) -> None:
        self._receive(json.dumps({"type": kind, **fields}).encode())

    def _receive(self, message: bytes) -> None:
        self.now += 1
        if self.link.closed is None:
            self.session.receive(message, self.now)

    @rule(detection=_DETECTIONS, sound=_FORMATS, text=st.booleans(), tools=st.booleans())
    def update(self, detection: Any, sound: Any, text: bool, tools: bool) -> None:
        session: dict[str, Any] = {
            "type": "realtime",
            "output_modalities": ["text" if text else "audio"],
            "tools": [_TOOL] if tools else [],
            "audio": {
                "input": {
                    "turn_detection": detection,
                    "format": sound,
                    "transcription": {"model": "whisper-1"} if text else None,
                },
                "output": {"format": sound},
            },
        }
        if self.transcribes:
            audio = {"input": session["audio"]["input"]}
            session = {"type": "transcription", "audio": audio}
        self._send("session.update", session=session)

    @rule(start=st.integers(0, 20_000), length=st.integers(0, 9_600))
    def speak(self, start: int, length: int) -> None:
        self._receive(_append(_SPEECH[start : start + length]))

    @rule(length=st.sampled_from([2, 480, 4_800, 12_000, 60_000]))
    def be_silent(self, length: int) -> None:
        self._receive(_append(np.zeros(length)))

    @rule(kind=st.sampled_from(["input_audio_buffer.commit", "input_audio_buffer.clear"]))
    def end_or_forget(self, kind: str) -> None:
        self._send(kind)

    @rule(
        aside=st.booleans(),
        text=st.booleans(),
        choice=st.sampled_from([None, "required", "none"]),
        most=st.sampled_from(["inf", 1, 20]),
    )
    def ask(self, aside: bool, text: bool, choice: str | None, most: Any) -> None:
        response: dict[str, Any] = {"tool_choice": choice, "max_output_tokens": most}
        response |= {"conversation": "none"} if aside else {}
        response |= {"output_modalities": ["text"]} if text else {}
        self._send("response.create", response=response)

    @rule()
    def cancel(self) -> None:
        self._send("response.cancel")

    @rule(kind=st.sampled_from(["retrieve", "delete", "truncate"]), pick=st.integers(0, 50),
          end_ms=st.sampled_from([0, 1, 400, 100_000]))  # fmt: skip
    def handle_item(self, kind: str, pick: int, end_ms: int) -> None:
        item_id = self.items[pick % len(self.items)] if self.items else "nobody"
        fields = {"content_index": 0, "audio_end_ms": end_ms} if kind == "truncate" else {}
        self._send(f"conversation.item.{kind}", item_id=item_id, **fields)

    @rule(answers=st.booleans(), text=st.text(max_size=10))
    def create_item(self, answers: bool, text: str) -> None:
        part = {"type": "input_text", "text": text}
        item: dict[str, Any] = {"type": "message", "role": "user", "content": [part]}
        if answers:
            item = {"type": "function_call_output", "call_id": "c", "output": text}
        self._send("conversation.item.create", item=item)

    @rule(
        kind=st.sampled_from(sorted(refusals.CLIENT_EVENTS)),
        fields=st.dictionaries(st.sampled_from(["session", "response", "item", "audio"]), _JUNK),
    )
    def send_junk(self, kind: str, fields: dict[str, Any]) -> None:
        self._send(kind, **fields)

    @rule(message=st.binary(max_size=30))
    def send_bytes(self, message: bytes) -> None:
        self._receive(message)
        if self.link.closed is None:
            self.session.receive_binary(b"", 0)

    @rule(most=st.integers(1, 60))
    def let_time_pass(self, most: int) -> None:
        self.link.fire(most)

    @precondition(lambda self: self.link.closed is not None)
    @rule()
    def come_again(self) -> None:
        self.teardown()
        self.__init__()  # type: ignore[misc]

    @invariant()
    def every_event_is_valid(self) -> None:
        for raw in self.link.sent[self.checked :]:
            event = server_event().validate_json(raw, strict=True)
            assert event.type in event_order.EVENTS
            if event.type == "conversation.item.added":
                self.items.append(event.item.id or "")
        self.checked = len(self.link.sent)

    def teardown(self) -> None:
        """Every response there was has exactly one line of truth."""
        self.session.end()
        told = [truth.response_id for truth in self.truths if truth.response_id]
        assert len(told) == len(set(told))
        events = map(json.loads, self.link.sent)
        created = {e["response"]["id"] for e in events if e["type"] == "response.created"}
        assert set(told) == created


TestAnyClient = Client.TestCase
TestAnyClient.settings = settings(max_examples=80, stateful_step_count=40)


class Dictating(Client):
    """A client of a session that only transcribes."""

    transcribes = True


TestAnyClientOfATranscription = Dictating.TestCase
TestAnyClientOfATranscription.settings = settings(max_examples=25, stateful_step_count=30)


@pytest.mark.parametrize("speaking", [False, True])
def test_nothing_of_a_session_stays_behind(speaking: bool) -> None:
    client = Client()
    if speaking:
        client.ask(aside=False, text=False, choice=None, most="inf")
        client.ask(aside=True, text=False, choice=None, most="inf")
        client.let_time_pass(5)
    client.teardown()
    callbacks = client.link.waiting
    told = len(client.truths)
    client.link.fire(1_000)
    assert len(client.truths) == told
    assert callbacks <= 2  # at most the rate limits of what was running
