"""The client that a capable programmer writes first: the engine is compared with it.

`websockets` on uvloop, one task a session to send and one to receive, base64 and JSON for every
frame, sleeping to absolute deadlines, late frames skipped and not sent in a burst. It speaks the
same utterances at the same times as `harness.bench.engine_trial` and prints the same line of
JSON; it keeps the latency of every turn and nothing else.

Run it with `python -m harness.bench.plain_client`; see its `--help`.
"""

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from harness.bench import machine
from harness.bench.workload import (
    OPEN_LIMIT_S,
    SETTLE_S,
    asked_for,
    draw_plan,
    kb_per_session,
    short_corpus,
)
from harness.clock import now_ns
from harness.corpus import (
    cut_frames,
    encode_utterance,
    load_utterances,
    silence_frame,
)
from harness.dialects import OpenAIRealtime
from harness.model import NS_PER_MS, NS_PER_S, CallPlan, ns_from_samples

_AUDIO = OpenAIRealtime.audio


@dataclass(slots=True)
class _Tally:
    """What all sessions together have done since the last time it was emptied."""

    lateness_ns: list[int] = field(default_factory=list)
    skipped: int = 0
    turns: int = 0
    expected: int = 0
    ready: int = 0
    all_ready: asyncio.Event = field(default_factory=asyncio.Event)

    def enter(self) -> None:
        self.ready += 1
        if self.ready == self.expected:
            self.all_ready.set()


class _Caller:
    """One session."""

    def __init__(self, plan: CallPlan, speech: "_Speech", tally: _Tally) -> None:
        self._plan, self._speech, self._tally = plan, speech, tally
        self._speech_end_ns = self._play_until_ns = 0
        self._heard_ns: int | None = None
        self._answered = False
        self.latencies_ms: list[float] = []

    async def hold(self, address: str) -> None:
        async with connect(
            address, compression=None, max_size=2**24, open_timeout=OPEN_LIMIT_S
        ) as socket:
            await socket.recv()
            await socket.send(json.dumps({"type": "session.update", "session": {}}))
            self._tally.enter()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(socket))
                tasks.create_task(self._receive(socket))

    async def _send(self, socket: ClientConnection) -> None:
        speech, tally = self._speech, self._tally
        deadline_ns = now_ns() + self._plan.phase_ns + speech.frame_ns
        spoken: Sequence[bytes] = ()
        turn, frame = 0, 0
        speak_from_ns = now_ns() + round(self._plan.think_ms[0] * NS_PER_MS)
        waiting = False
        while True:
            if (wait_ns := deadline_ns - now_ns()) > 0:
                await asyncio.sleep(wait_ns / NS_PER_S)
            at_ns = now_ns()
            late_ns = max(0, at_ns - deadline_ns)
            tally.lateness_ns.append(late_ns)
            if late_ns >= speech.frame_ns:
                slots = late_ns // speech.frame_ns
                tally.skipped += slots
                deadline_ns += slots * speech.frame_ns
            if waiting and self._answered and at_ns >= self._play_until_ns:
                waiting = False
                speak_from_ns = at_ns + round(self._plan.think_ms[turn] * NS_PER_MS)
            if not spoken and not waiting and deadline_ns - speech.frame_ns >= speak_from_ns:
                spoken, frame = speech.utterances[self._plan.utterance_ids[turn]], 0
                self._heard_ns, self._answered = None, False
                turn += 1
            audio = spoken[frame] if spoken else speech.silence
            await socket.send(
                json.dumps(
                    {
                        "type": "input_audio_buffer.append",
                        "audio": base64.b64encode(audio).decode(),
                    }
                )
            )
            if spoken:
                frame += 1
                self._speech_end_ns = at_ns
                if frame == len(spoken):
                    spoken, waiting = (), True
            deadline_ns += speech.frame_ns

    async def _receive(self, socket: ClientConnection) -> None:
        async for message in socket:
            at_ns = now_ns()
            event = json.loads(message)
            if event["type"] == "response.output_audio.delta":
                samples = len(base64.b64decode(event["delta"])) // 2
                if self._heard_ns is None:
                    self._heard_ns = self._play_until_ns = at_ns
                    self.latencies_ms.append((at_ns - self._speech_end_ns) / NS_PER_MS)
                self._play_until_ns += ns_from_samples(samples, _AUDIO.rate_hz)
            elif event["type"] == "response.done":
                self._answered = True
                self._tally.turns += 1


class _Speech:
    """What callers say, cut into frames."""

    def __init__(self, frame_ms: int) -> None:
        samples = _AUDIO.frame_samples(frame_ms)
        utterances = load_utterances(short_corpus(), _AUDIO.rate_hz)
        self.frame_ns = ns_from_samples(samples, _AUDIO.rate_hz)
        self.silence = silence_frame(_AUDIO, samples)
        self.utterances = {
            name: cut_frames(encode_utterance(said, _AUDIO), _AUDIO, frame_ms)
            for name, said in utterances.items()
        }

    def plan(self, number: int, sessions: int, seed: int) -> CallPlan:
        return draw_plan(
            number, sessions, seed=seed, utterance_ids=self.utterances, frame_ns=self.frame_ns
        )


async def _measure(asked: argparse.Namespace, speech: _Speech, sessions: int) -> dict[str, Any]:
    tally = _Tally(expected=sessions)
    before_kb, opened_ns = _resident_kb(), now_ns()
    callers = [
        _Caller(speech.plan(number, sessions, asked.seed), speech, tally)
        for number in range(sessions)
    ]
    held = [asyncio.create_task(caller.hold(asked.host)) for caller in callers]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.all_ready.wait(), OPEN_LIMIT_S)
    open_s = (now_ns() - opened_ns) / NS_PER_S
    await asyncio.sleep(SETTLE_S)
    tally.lateness_ns, tally.skipped, tally.turns = [], 0, 0
    cpu_s, began_ns = time.process_time(), now_ns()
    await asyncio.sleep(asked.seconds)
    cpu_s, window_s = time.process_time() - cpu_s, (now_ns() - began_ns) / NS_PER_S
    late_ms = np.array(tally.lateness_ns or [0]) / NS_PER_MS
    found = {
        "sessions": sessions,
        "sessions_lost": sum(task.done() for task in held) + sessions - tally.ready,
        "frames_sent": len(tally.lateness_ns),
        "frames_intended": len(tally.lateness_ns) + tally.skipped,
        "late_p50_ms": _percentile(late_ms, 50),
        "late_p99_ms": _percentile(late_ms, 99),
        "late_p999_ms": _percentile(late_ms, 99.9),
        "late_max_ms": round(float(late_ms.max()), 3),
        "cpu_s": round(cpu_s, 4),
        "window_s": round(window_s, 4),
        "from_ns": began_ns,
        "until_ns": now_ns(),
        "resident_kb": (after_kb := _resident_kb()),
        "kb_per_session": kb_per_session(before_kb, after_kb, sessions),
        "open_s": round(open_s, 3),
        "turns": tally.turns,
    }
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    return found


def _percentile(values: "np.ndarray[Any, np.dtype[np.float64]]", percent: float) -> float:
    return round(float(np.percentile(values, percent, method="inverted_cdf")), 3)


def _resident_kb() -> int | None:
    gc.collect()
    return machine.resident_kb()


def main() -> None:
    """Hold sessions as asked on the command line, or as standard input asks, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True, help="address of a server")
    parser.add_argument("--frame-ms", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of the measured window")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--sessions",
        type=int,
        help="default: a number a line on stdin, and seconds",
    )
    asked = parser.parse_args()
    speech = _Speech(asked.frame_ms)
    # As the engine does: garbage is no part of the comparison.
    gc.freeze()
    gc.disable()
    for line in [asked.sessions] if asked.sessions is not None else sys.stdin:
        sessions, asked.seconds = asked_for(str(line), asked.seconds)
        print(json.dumps(uvloop.run(_measure(asked, speech, sessions))), flush=True)


if __name__ == "__main__":
    main()
