"""How much the audio engine carries: run it with `python -m harness.bench.engine_trial`.

The real engine with everything a run records, and real sessions, without Locust's users: nothing
here schedules, so what is measured is the engine. `harness selfcheck` runs this and, in
turns with it, a straightforward client that says the same things at the same times.

Each measurement prints one line of JSON.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent

from harness.bench import machine
from harness.bench.workload import (
    OPEN_LIMIT_S,
    SETTLE_S,
    asked_for,
    draw_plan,
    kb_per_session,
    short_corpus,
)
from harness.clock import now_ns, wall_time
from harness.dialects import DEFAULT_DIALECT, SessionSettings, find_dialect
from harness.engine.engine import AudioEngine
from harness.engine.process_tuning import GarbagePauses, tune_process
from harness.engine.route import Route
from harness.engine.speech import encode_corpus
from harness.model import NS_PER_S, RunManifest, ns_from_samples
from harness.recording import Batch, Histogram, RunDirectory
from harness.session import Caller
from harness.transport import parse_target, sanitised_target

_LIMIT_S = 15.0
_POLL_S = 0.05
_WRITE_EVERY_S = 1.0
_CLOSE_LIMIT_S = 10.0
_HAND_OVER_LIMIT_S = 3.0


class EngineTrial:
    """An engine that holds as many sessions as it is asked to.

    Args:
        host: Address of a server.
        frame_ms: Length of the callers' frames.
        seed: Source of all draws.
        folder: Where what is recorded is written.
        dialect: Name of what the server speaks.
    """

    def __init__(
        self, host: str, frame_ms: int, seed: int, folder: Path, dialect: str = DEFAULT_DIALECT
    ) -> None:
        words, settings = find_dialect(dialect), SessionSettings()
        self._route = Route(
            target=parse_target(host, words.path(settings)),
            headers=(),
            dialect=words,
            settings=settings,
        )
        self._seed, self._origin_ns, self._calls = seed, now_ns(), 0
        self._encode(frame_ms)
        self._directory = RunDirectory(folder, self._manifest(folder.name, frame_ms))
        self._batch = Batch()
        self._turns = self._ended = 0
        self._engine, self._pauses = AudioEngine(), GarbagePauses()
        self._engine.start()
        tune_process()
        self._engine.prioritise_caller()
        self._pauses.start()

    def measure(self, count: int, seconds: float) -> dict[str, Any]:
        """Hold `count` sessions, measure for `seconds` in the midst of it, and close them.

        Returns:
            What was found, for JSON.
        """
        gc.collect()
        before_kb, opened_ns, self._ended = machine.resident_kb(), now_ns(), 0
        sessions = [self._session(number, count) for number in range(count)]
        for session in sessions:
            self._engine.hold(session, self._route)
        give_up_ns = opened_ns + round(OPEN_LIMIT_S * NS_PER_S)
        while _waiting(sessions) > self._ended and now_ns() < give_up_ns:
            self._pump()
        open_s = (now_ns() - opened_ns) / NS_PER_S
        self._pump_for(SETTLE_S)
        window = self._window(sessions, seconds)
        after_kb = machine.resident_kb()
        lost = max(self._ended, _waiting(sessions))
        self._close_all(count)
        return {
            "sessions": count,
            "sessions_lost": lost,
            **window,
            "resident_kb": after_kb,
            "kb_per_session": kb_per_session(before_kb, after_kb, count),
            "open_s": round(open_s, 3),
        }

    def close(self) -> None:
        """End the engine."""
        self._engine.stop()
        self._pauses.stop()
        self._write()

    def _close_all(self, count: int) -> None:
        self._engine.abandon()
        give_up_ns = now_ns() + round(_CLOSE_LIMIT_S * NS_PER_S)
        while self._ended < count and now_ns() < give_up_ns:
            self._pump()
        self._write()

    def _window(self, sessions: list[Caller], seconds: float) -> dict[str, Any]:
        """Measure, from now until the engine hands over its counts after `seconds`."""
        self._engine.forget()
        turns, frames_before = self._turns, _frames(sessions)
        cpu_s, began_ns = time.process_time(), now_ns()
        lateness, lag = Histogram(), Histogram()
        fresh, passed_s = False, 0.0
        # Without a sent frame the engine never hands over its counts.
        while passed_s < seconds or (not fresh and passed_s < seconds + _HAND_OVER_LIMIT_S):
            self._pump_for(min(_WRITE_EVERY_S, max(_POLL_S, seconds - passed_s)))
            measured = self._write()
            fresh = measured["send_lateness"].max_ns is not None
            lateness.merge(measured["send_lateness"])
            lag.merge(measured["loop_lag"])
            passed_s = (now_ns() - began_ns) / NS_PER_S
        cpu_s = time.process_time() - cpu_s
        sent, skipped = (
            now - then for now, then in zip(_frames(sessions), frames_before, strict=True)
        )
        late, loop = lateness.summary(), lag.summary()
        return {
            "frames_sent": sent,
            "frames_intended": sent + skipped,
            "late_p50_ms": None if late is None else late.p50_ms,
            "late_p99_ms": None if late is None else late.p99_ms,
            "late_p999_ms": None if late is None else late.p999_ms,
            "late_max_ms": None if late is None else late.max_ms,
            "loop_lag_p99_ms": None if loop is None else loop.p99_ms,
            "loop_lag_max_ms": None if loop is None else loop.max_ms,
            "cpu_s": round(cpu_s, 4),
            "window_s": round(passed_s, 4),
            "from_ns": began_ns,
            "until_ns": now_ns(),
            "turns": self._turns - turns,
        }

    def _pump_for(self, seconds: float) -> None:
        until_ns = now_ns() + round(seconds * NS_PER_S)
        while now_ns() < until_ns:
            self._pump()

    def _pump(self) -> None:
        for outcome in self._engine.take_outcomes():
            self._turns += len(outcome.turns)
            self._batch.turns.extend(outcome.turns)
            if outcome.session is not None:
                self._ended += 1
                self._batch.sessions.append(outcome.session)
        gevent.sleep(_POLL_S)

    def _write(self) -> dict[str, Histogram]:
        batch, self._batch = self._batch, Batch()
        batch.histograms = {**self._engine.take_histograms(), "gc_pause": self._pauses.take()}
        batch.end_ns = self._batch.start_ns = now_ns() - self._origin_ns
        batch.write(self._directory)
        return batch.histograms

    def _encode(self, frame_ms: int) -> None:
        self._corpus = short_corpus()
        self._utterances, self._wire_format = encode_corpus(
            self._corpus, self._route.dialect, frame_ms, _LIMIT_S
        )

    def _session(self, number: int, count: int) -> Caller:
        plan = draw_plan(
            number,
            count,
            seed=self._seed,
            utterance_ids=self._utterances,
            frame_ns=ns_from_samples(self._wire_format.frame_samples, self._wire_format.rate_hz),
        )
        plan = replace(plan, number=self._calls)
        self._calls += 1
        return Caller(
            plan,
            [self._utterances[name] for name in plan.utterance_ids],
            wire_format=self._wire_format,
            origin_ns=self._origin_ns,
            scheduled_ns=now_ns(),
        )

    def _manifest(self, name: str, frame_ms: int) -> RunManifest:
        return RunManifest(
            run_id=name,
            started_at=wall_time().isoformat(timespec="seconds"),
            origin_ns=self._origin_ns,
            scenario="trial",
            target=sanitised_target(self._route.target),
            simulated=True,
            model=self._route.dialect.default_model,
            dialect=self._route.dialect.name,
            corpus=self._corpus.facts,
            audio=self._route.dialect.audio,
            frame_ms=frame_ms,
            turn_limit_ms=_LIMIT_S * 1000,
            seeds={"run": self._seed},
            schedule_hash="",
            calls_planned=None,
            networks=(),
        )


def _waiting(sessions: list[Caller]) -> int:
    """Return how many sessions have no frame to send, not yet or never."""
    return sum(session.due_ns is None for session in sessions)


def _frames(sessions: list[Caller]) -> tuple[int, int]:
    """Return frames sent and frames skipped so far, by all sessions together."""
    counted = [session.pacing.slots for session in sessions]
    return sum(sent for sent, _ in counted), sum(skipped for _, skipped in counted)


def main() -> None:
    """Measure as asked on the command line, or as standard input asks, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True, help="address of a server")
    parser.add_argument("--dialect", default=DEFAULT_DIALECT, help="what it speaks")
    parser.add_argument("--frame-ms", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of the measured window")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--sessions",
        type=int,
        help="default: a number a line on stdin, and seconds",
    )
    parser.add_argument("--keep", type=Path, help="an empty folder for what is recorded")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = asked.keep or Path(folder)
        trial = EngineTrial(asked.host, asked.frame_ms, asked.seed, kept, asked.dialect)
        for line in [asked.sessions] if asked.sessions is not None else sys.stdin:
            sessions, seconds = asked_for(str(line), asked.seconds)
            print(json.dumps(trial.measure(sessions, seconds)), flush=True)
        trial.close()


if __name__ == "__main__":
    main()
