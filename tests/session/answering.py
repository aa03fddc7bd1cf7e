"""A caller's session and a server that answers it, on a clock that the test holds."""

import base64
from collections.abc import Callable

import numpy as np

from harness.dialects.base64_audio import Base64Audio
from harness.model import (
    AudioDelta,
    AudioFormat,
    CallPlan,
    Event,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionRecord,
    TurnRecord,
)
from harness.session import BACKLOG_NS, Caller, EncodedUtterance, WireFormat

MS = 1_000_000
FRAME = 480
SILENCE = b"silence"
LOUD = base64.b64encode(np.tile(np.array([7_000, -7_000], "<i2"), 1_200).tobytes())
WIRE_FORMAT = WireFormat(
    silence=SILENCE,
    frame_samples=FRAME,
    audio=AudioFormat(24_000),
    new_decoder=Base64Audio,
    limit_ns=3_000 * MS,
)


def utterance(name: str, frames: int = 10) -> EncodedUtterance:
    return EncodedUtterance(
        utterance_id=name,
        messages=[f"{name}-{n}".encode() for n in range(frames)],
        onset_sample=100,
        end_sample=frames * FRAME - 700,
    )


def new_session(
    turns: int = 2,
    phase_ns: int = 0,
    *,
    agent_speaks_first: bool = False,
    open_ended: bool = False,
    hangs_up: bool = False,
) -> Caller:
    names = tuple(f"u{n}" for n in range(turns))
    plan = CallPlan(
        number=7,
        network="none",
        utterance_ids=names,
        think_ms=(100.0,) * turns,
        phase_ns=phase_ns,
        agent_speaks_first=agent_speaks_first,
        open_ended=open_ended,
        hangs_up=hangs_up,
    )
    session = Caller(
        plan,
        [utterance(name) for name in names],
        wire_format=WIRE_FORMAT,
        origin_ns=0,
        scheduled_ns=0,
    )
    session.link.opening(0)
    session.link.upgraded(5 * MS)
    return session


class Answering:
    """A server that responds a fixed time after the last word, on the test's clock."""

    def __init__(self, session: Caller, latency_ms: int = 800) -> None:
        self.session, self.latency_ms = session, latency_ms
        self.sent: list[tuple[int, bytes]] = []
        self.turns: list[TurnRecord] = []
        self.late_ns: Callable[[int], int] = lambda frame: 0
        self.takes_ahead = False
        self.due_ns = 0
        self._pending: list[tuple[int, Event]] = []
        self._responses = 0

    def expect(self, events: list[tuple[int, Event]]) -> None:
        """Have the server say something at these milliseconds."""
        self._pending += [(at_ms * MS, event) for at_ms, event in events]

    def run(self, until_ms: int) -> None:
        while not self.session.finished and self.session.due_ns is not None:
            self.due_ns = self.due_ns or self.session.due_ns
            now_ns = self.due_ns + self.late_ns(len(self.sent))
            if now_ns > until_ms * MS:
                return
            for at_ns, event in [p for p in self._pending if p[0] <= now_ns]:
                self.session.receive(event, at_ns)
            self._pending = [p for p in self._pending if p[0] > now_ns]
            message = self._send(self.due_ns, now_ns)
            self.sent.append((now_ns, message))
            self.turns += self.session.take_turns()
            if message.endswith(b"-9"):
                self._response(now_ns)

    def _send(self, due_ns: int, now_ns: int) -> bytes:
        """Ask for the frame; if `takes_ahead`, only where it is not known, as the engine does."""
        ahead, late_ns = self.session.pacing.ahead, now_ns - due_ns
        known = self.takes_ahead and late_ns <= BACKLOG_NS
        message = next(ahead.frames, None) if known else None
        if message is None:
            message, told_ns = self.session.tick(now_ns)
            assert told_ns == late_ns
            self.due_ns = self.session.due_ns or 0
            return message
        ahead.sent_ns, ahead.late_max_ns = now_ns, max(ahead.late_max_ns, late_ns)
        self.due_ns = due_ns + 20 * MS
        return message

    def _response(self, now_ns: int) -> None:
        name, at_ns = f"r{self._responses}", now_ns + self.latency_ms * MS
        self._responses += 1
        self._pending += [
            (at_ns - MS, ResponseCreated(name)),
            *((at_ns + piece * 30 * MS, AudioDelta(LOUD, name, "item")) for piece in range(6)),
            (at_ns + 151 * MS, ResponseDone(name, ResponseStatus.COMPLETED)),
        ]


def hang_up(session: Caller, now_ns: int = 99_000 * MS) -> SessionRecord:
    return session.closed(now_ns, None, 1000)
