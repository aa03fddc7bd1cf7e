"""The cheapest callers there are: run with `python -m harness.bench.simulator_sender`.

To find the simulator's limit, the callers must not reach theirs first. So there is one loop over
plain sockets, every frame is encoded and masked before it starts, and responses are received but
not parsed. All callers speak the same sentence at the same pace, each at its own time. The
sentence ends at a known sample, so the simulator's truth log shows whether the audio arrived
whole: it must end at that sample. The send time of every frame is kept and compared with the
arrival that the log states.

Every line on standard input is one measurement, a JSON object: `sessions`, `host`, `server` (the
simulator's process id), `truth` (the folder of its log), `seconds`. It is answered by a line of
JSON.
"""

import base64
import gc
import json
import os
import selectors
import socket
import sys
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.frames import Frame, Opcode

from harness.bench import machine
from harness.clock import now_ns
from harness.corpus import speech_like
from harness.dialects import OpenAIRealtime
from harness.model import NS_PER_MS, NS_PER_S, TruthRecord, ns_from_samples
from harness.recording import read_truth

_AUDIO = OpenAIRealtime.audio
_FRAME_SAMPLES = _AUDIO.frame_samples(20)
_FRAME_NS = ns_from_samples(_FRAME_SAMPLES, _AUDIO.rate_hz)
# A sentence of 1.19 s every 3.5 s: it ends inside a frame, and its answer is over before the next.
_SENTENCE_S, _CYCLE_FRAMES = 1.19, 175
_FIRST_FRAMES, _SETTLE_FRAMES, _TAIL_FRAMES = 25, 75, 100
# Callers this late cannot measure the server any more.
_GIVE_UP_NS = NS_PER_S
_DRAIN_EVERY_NS = 20 * NS_PER_MS
# Shorter waits are spent looking at the clock; a sleep takes some 60 us longer than asked for.
_SLEEP_FROM_NS, _SLEEP_LESS_NS = 200_000, 100_000
_READ_BYTES = 2**20
_OPEN_LIMIT_S = 20.0
_UPGRADE = (
    b"GET /v1/realtime?model=any HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_Figures = dict[str, Any]
_Instants = NDArray[np.int64]


class _Sentence:
    """What everybody says, as ready frames: the sentence, and silence up to the next one."""

    def __init__(self) -> None:
        speech = speech_like(np.random.default_rng(1), _SENTENCE_S, _AUDIO.rate_hz)
        self.samples = len(speech)
        self.frames = -(-len(speech) // _FRAME_SAMPLES)
        audio = speech.astype("<i2").tobytes().ljust(self.frames * _FRAME_SAMPLES * 2, b"\0")
        size = 2 * _FRAME_SAMPLES
        self.spoken = [_ready(audio[at : at + size]) for at in range(0, len(audio), size)]
        self.silent = _ready(bytes(size))

    def messages(self, starts: range, count: int) -> list[bytes]:
        """Return the frames of a caller who says it at some frames and nothing in between."""
        frames = [self.silent] * count
        for start in starts:
            frames[start : start + self.frames] = self.spoken
        return frames


def _ready(audio: bytes) -> bytes:
    words = {"type": "input_audio_buffer.append", "audio": base64.b64encode(audio).decode()}
    return Frame(Opcode.TEXT, json.dumps(words).encode()).serialize(mask=True)


class _Caller:
    """One session: its socket, when it speaks, and when each of its frames left."""

    def __init__(self, address: tuple[str, int], starts_at: int) -> None:
        self.socket = socket.create_connection(address, timeout=_OPEN_LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(_UPGRADE)
        greeting = b""
        while b'"session.created"' not in greeting or not greeting.endswith(b"}"):
            got = self.socket.recv(_READ_BYTES)
            if not got:
                raise ConnectionError("the server hung up")
            greeting += got
        event = json.loads(greeting[greeting.index(b'{"type"') :])
        self.session_id = str(event["session"]["id"])
        self.socket.setblocking(False)
        self.starts_at = starts_at
        self.sent_ns = array("q")
        self.is_lost = False

    def starts(self, sentence: _Sentence, last_frame: int) -> range:
        """Return the frames at which it begins a sentence that is over before a frame."""
        return range(self.starts_at, last_frame - sentence.frames, _CYCLE_FRAMES)

    def sentence_ends(self, sentence: _Sentence, last_frame: int) -> set[int]:
        """Return the last sample of each of these sentences."""
        starts = self.starts(sentence, last_frame)
        return {start * _FRAME_SAMPLES + sentence.samples - 1 for start in starts}


class _Crowd:
    """All callers, sending in turns.

    Args:
        callers: Who there is.
    """

    def __init__(self, callers: list[_Caller]) -> None:
        self._callers = callers
        self._selector = selectors.DefaultSelector()
        for caller in callers:
            self._selector.register(caller.socket, selectors.EVENT_READ, caller)
        self._room = bytearray(_READ_BYTES)
        self._drain_ns = 0
        self.due_ns = np.array([], dtype=np.int64)

    def send(self, frames: list[list[bytes]], at_frame: dict[int, Callable[[], None]]) -> int:
        """Send every caller's frames, each at its own instant, and keep when that was.

        Args:
            frames: The frames of each caller, equally many.
            at_frame: What is done before the frames of some numbers.

        Returns:
            How late the callers were, in nanoseconds, when they gave up; 0 when they did not.
        """
        among, count = len(self._callers), len(frames[0])
        offsets_ns = [place * _FRAME_NS // among for place in range(among)]
        began_ns = now_ns() + _FRAME_NS
        # When the frames were due: one row a caller.
        self.due_ns = began_ns + np.add.outer(offsets_ns, np.arange(count) * _FRAME_NS)
        everybody = list(zip(self._callers, frames, offsets_ns, strict=True))
        for number in range(count):
            if number in at_frame:
                at_frame[number]()
            frame_ns = began_ns + number * _FRAME_NS
            if (late_ns := now_ns() - frame_ns) > _GIVE_UP_NS:
                return late_ns
            for caller, own, offset_ns in everybody:
                at_ns = now_ns()
                if at_ns < frame_ns + offset_ns or at_ns >= self._drain_ns:
                    at_ns = self._wait_until(frame_ns + offset_ns)
                caller.sent_ns.append(at_ns)
                try:
                    if caller.socket.send(own[number]) == len(own[number]):
                        continue
                except OSError:
                    pass
                caller.is_lost = True  # the server reads no more
        return 0

    def close(self) -> None:
        """Hang up everywhere."""
        self._selector.close()
        for caller in self._callers:
            caller.socket.close()

    def _wait_until(self, due_ns: int) -> int:
        """Wait, and take what has come meanwhile off the sockets."""
        while True:
            at_ns = now_ns()
            if at_ns >= self._drain_ns:
                self._drain_ns = at_ns + _DRAIN_EVERY_NS
                self._drain()
            elif at_ns >= due_ns:
                return at_ns
            elif due_ns - at_ns > _SLEEP_FROM_NS:
                time.sleep((due_ns - at_ns - _SLEEP_LESS_NS) / NS_PER_S)

    def _drain(self) -> None:
        for key, _ in self._selector.select(0):
            caller: _Caller = key.data
            try:
                hung_up = caller.socket.recv_into(self._room) == 0
            except OSError:
                hung_up = True
            if hung_up:
                caller.is_lost = True
                self._selector.unregister(caller.socket)


class _Process:
    """What the server's process used, from outside; `None` where the system does not say."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def cpu_s(self) -> float | None:
        """Return processor time."""
        with suppress(OSError):
            words = (
                Path(f"/proc/{self._pid}/stat")
                .read_text(encoding="ascii")
                .rpartition(")")[2]
                .split()
            )
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return None

    def resident_kb(self) -> int | None:
        """Return memory."""
        return machine.resident_kb(self._pid)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the server had used when the window began or ended."""

    at_ns: int
    cpu_s: float | None
    resident_kb: int | None


def _measure(asked: dict[str, Any], sentence: _Sentence) -> _Figures:
    """Open so many sessions, let them speak, hang up, and read what the server tells."""
    server, sessions = _Process(asked["server"]), int(asked["sessions"])
    before_kb, began_ns = server.resident_kb(), now_ns()
    callers = _open(asked["host"], sessions)
    found: _Figures = {
        "sessions": sessions,
        "open_s": round((now_ns() - began_ns) / NS_PER_S, 3),
        "sessions_lost": sessions - len(callers),
    }
    if found["sessions_lost"]:
        for caller in callers:
            caller.socket.close()
        return found
    first = _SETTLE_FRAMES
    last = first + round(asked["seconds"] * NS_PER_S / _FRAME_NS)
    count = last + _TAIL_FRAMES
    frames = [sentence.messages(caller.starts(sentence, last), count) for caller in callers]
    crowd, marks = _Crowd(callers), list[_Mark]()

    def mark() -> None:
        marks.append(_Mark(now_ns(), server.cpu_s(), server.resident_kb()))

    gave_up_ns = crowd.send(frames, {first: mark, last: mark})
    crowd.close()
    if gave_up_ns:
        return found | _quantiles("sent_late", np.array([gave_up_ns]))
    found["sessions_lost"] = sum(caller.is_lost for caller in callers)
    begun, ended = marks
    found["window_s"] = round((ended.at_ns - begun.at_ns) / NS_PER_S, 3)
    if begun.cpu_s is not None and ended.cpu_s is not None:
        found["server_cpu_s"] = round(ended.cpu_s - begun.cpu_s, 3)
    if before_kb is not None and ended.resident_kb is not None:
        found["kb_per_session"] = round((ended.resident_kb - before_kb) / sessions, 1)
    sent_ns = np.array([caller.sent_ns for caller in callers], dtype=np.int64)
    late_ns = (sent_ns - crowd.due_ns)[:, first:last].ravel()
    truths = read_truth(Path(asked["truth"]))
    return (
        found | _quantiles("sent_late", late_ns) | _compare(callers, sentence, truths, first, last)
    )


def _open(host: str, sessions: int) -> list[_Caller]:
    """Open sessions until one is refused; they begin to speak one after the other."""
    parts, callers = urlsplit(host), list[_Caller]()
    with suppress(OSError):
        for number in range(sessions):
            starts_at = _FIRST_FRAMES + number * _CYCLE_FRAMES // sessions
            callers.append(_Caller((str(parts.hostname), int(parts.port or 80)), starts_at))
    return callers


def _compare(
    callers: list[_Caller],
    sentence: _Sentence,
    truths: tuple[TruthRecord, ...],
    first: int,
    last: int,
) -> _Figures:
    """Compare the simulator's log with what was sent.

    Args:
        callers: Who sent.
        sentence: What they said.
        truths: Everything in the log.
        first: First frame of the window that is looked at.
        last: The frame after its last.
    """
    told: dict[str, list[TruthRecord]] = {caller.session_id: [] for caller in callers}
    for truth in truths:
        told.get(truth.session_id, []).append(truth)
    expected = heard = broken = 0
    delays_ns: list[_Instants] = []
    late_ns: list[int] = []
    for caller in callers:
        ends = caller.sentence_ends(sentence, last)
        expected += len(ends)
        heard += len(ends & {truth.heard_end_sample for truth in told[caller.session_id]})
        sent_ns = np.array(caller.sent_ns)
        for truth in told[caller.session_id]:
            delay_ns = _delays(truth, sent_ns, first, last)
            if delay_ns is None:
                broken += 1
                continue
            delays_ns.append(delay_ns)
            if truth.first_audio_released_ns is not None and sent_ns[first] <= truth.endpoint_ns:
                late_ns.append(truth.first_audio_released_ns - truth.first_audio_due_ns)
    received_ns = np.concatenate(delays_ns) if delays_ns else np.array([], dtype=np.int64)
    return {
        "turns_expected": expected,
        "turns_intact": heard,
        "turns_broken": broken,
        "frames_checked": len(received_ns),
        "releases": len(late_ns),
        **_quantiles("received", received_ns),
        **_quantiles("release_late", np.array(late_ns, dtype=np.int64)),
    }


def _delays(truth: TruthRecord, sent_ns: _Instants, first: int, last: int) -> _Instants | None:
    """Return how long frames of the window took to be received, `None` when some are missing."""
    frames, rest = np.divmod(np.array(truth.frame_end_samples), _FRAME_SAMPLES)
    if rest.any() or (np.diff(frames) != 1).any() or frames[-1] > len(sent_ns):
        return None
    inside = (frames > first) & (frames <= last)
    delay_ns: _Instants = np.array(truth.frame_received_ns)[inside] - sent_ns[frames[inside] - 1]
    return delay_ns


def _quantiles(name: str, values_ns: _Instants) -> _Figures:
    """Return three percentiles in milliseconds, `None` each when there is nothing."""
    found: _Figures = {}
    for percent in (50, 95, 99):
        value = None
        if len(values_ns):
            at_ns = np.percentile(values_ns, percent, method="inverted_cdf")
            value = round(float(at_ns) / NS_PER_MS, 3)
        found[f"{name}_p{percent}_ms"] = value
    return found


def main() -> None:
    """Measure as standard input asks, line by line."""
    sentence = _Sentence()
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        print(json.dumps(_measure(json.loads(line), sentence)), flush=True)


if __name__ == "__main__":
    main()
