"""The caller's audio as it comes in: turns found by VAD or made by the client's commit.

Audio is heard and counted, never kept: a session costs the same however long its caller talks.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from harness.clock import now_ns
from harness.model import ns_from_samples
from harness.simulator import orders, refusals, usage
from harness.simulator.configuration import RATE_HZ, Json
from harness.simulator.conversation import Conversation, Item
from harness.simulator.hearing import Hearing, Started, Stopped

_FRAMES_KEPT = 128
_LEAST_COMMIT_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the server knew of the caller's turn when it decided to answer.

    Attributes:
        frame_end_samples: Total samples received after each of the last frames.
        frame_received_ns: When each of those frames came.
        end_sample: Last voiced sample, `None` when there was no speech to answer.
        endpoint_ns: When the turn was taken to be over.
        anchor_ns: The instant latency counts from.
    """

    frame_end_samples: tuple[int, ...]
    frame_received_ns: tuple[int, ...]
    end_sample: int | None
    endpoint_ns: int
    anchor_ns: int


class Host(Protocol):
    """The session as it is told of turns."""

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""

    def speech_started(self, *, interrupt: bool) -> None:
        """Take note that the caller has begun to talk."""

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Take a finished turn of the caller."""


class Listening:
    """The input audio buffer of one session.

    Args:
        host: The session.
        conversation: Where finished turns become items.
    """

    def __init__(self, host: Host, conversation: Conversation) -> None:
        self._host, self._conversation = host, conversation
        self._hearing = Hearing(rate_hz=RATE_HZ)
        self._detection: Json | None = None
        self._received_samples = 0
        self._buffered_samples = 0
        self._frames: deque[tuple[int, int]] = deque(maxlen=_FRAMES_KEPT)
        self._speech_item: str | None = None
        self._speech_start_ms = 0

    def configure(self, detection: Json | None) -> None:
        """Take a turn detection, `None` for turns that the client ends."""
        self._detection = detection
        if detection is not None:
            self._hearing.configure(
                silence_ms=detection["silence_duration_ms"], threshold=detection["threshold"]
            )

    def append(self, audio: bytes, received_ns: int) -> None:
        """Hear more audio: PCM16, little-endian."""
        if len(audio) % 2:
            raise refusals.invalid("audio", "whole samples of two bytes")
        samples = np.frombuffer(audio, dtype="<i2")
        self._received_samples += len(samples)
        self._buffered_samples += len(samples)
        self._frames.append((self._received_samples, received_ns))
        for found in self._hearing.feed(samples):
            if (detection := self._detection) is None:
                continue  # what was heard last is still known when the client commits
            if isinstance(found, Started):
                self._speech_started(found, detection)
            else:
                self._speech_stopped(found, detection)

    def _speech_started(self, found: Started, detection: Json) -> None:
        self._speech_item = self._host.new_id("item")
        onset_ms = found.onset_sample * 1000 // RATE_HZ
        self._speech_start_ms = max(0, onset_ms - detection["prefix_padding_ms"])
        fields = {"audio_start_ms": self._speech_start_ms, "item_id": self._speech_item}
        for kind in orders.HEARD_START:
            self._host.emit(kind, **fields)
        self._host.speech_started(interrupt=detection["interrupt_response"])

    def _speech_stopped(self, found: Stopped, detection: Json) -> None:
        if self._speech_item is None:
            return  # it began while there was no turn detection
        heard = self.what_was_heard(found.last_voiced_sample)
        self._hearing.forget()
        end_ms = found.decided_sample * 1000 // RATE_HZ
        for kind in orders.HEARD_STOP:
            self._host.emit(kind, audio_end_ms=end_ms, item_id=self._speech_item)
        self._become_item((end_ms - self._speech_start_ms) / 1000)
        self._host.turn_ended(heard, respond=detection["create_response"])

    def commit(self) -> None:
        """End the turn because the client says so."""
        buffered_ms = self._buffered_samples * 1000 / RATE_HZ
        if buffered_ms < _LEAST_COMMIT_MS:
            raise refusals.commit_empty(buffered_ms)
        heard = self.what_was_heard(self._hearing.last_voiced_sample)
        self._hearing.forget()
        self._become_item(buffered_ms / 1000)
        self._host.turn_ended(heard, respond=False)

    def clear(self) -> None:
        """Forget what has not become an item."""
        self._buffered_samples = 0
        self._speech_item = None
        self._hearing.forget()

    def _become_item(self, duration_s: float) -> None:
        """Make the caller's audio an item of the conversation."""
        self._buffered_samples = 0
        wire = {
            "id": self._speech_item or self._host.new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        self._speech_item = None
        previous = self._conversation.add(Item(wire, usage.heard_tokens(duration_s)))
        added = {"previous_item_id": previous, "item": wire}
        fields: dict[str, Json] = {
            "input_audio_buffer.committed": {"previous_item_id": previous, "item_id": wire["id"]},
            "conversation.item.added": added,
            "conversation.item.done": added,
        }
        for kind in orders.COMMITTED:
            self._host.emit(kind, **fields[kind])

    def what_was_heard(self, last_voiced_sample: int | None) -> Heard:
        """Place the last voiced sample on the monotonic clock: latency counts from there.

        It was heard when the frame that carried it came, less what followed it in that frame.
        """
        endpoint_ns = now_ns()
        anchor_ns = endpoint_ns
        if last_voiced_sample is not None:
            for end_sample, received_ns in self._frames:
                if end_sample > last_voiced_sample:
                    after = ns_from_samples(end_sample - last_voiced_sample, RATE_HZ)
                    anchor_ns = received_ns - after
                    break
        return Heard(
            frame_end_samples=tuple(end for end, _ in self._frames),
            frame_received_ns=tuple(received for _, received in self._frames),
            end_sample=last_voiced_sample,
            endpoint_ns=endpoint_ns,
            anchor_ns=anchor_ns,
        )
