"""How long a gate takes on long runs: written to disk as a run is, then judged by the command."""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from harness.bench.simulated_turns import SimulatedTarget
from harness.clock import now_ns
from harness.dialects import DEFAULT_DIALECT, find_dialect
from harness.environment import for_child
from harness.model import (
    NS_PER_MS,
    NS_PER_S,
    CorpusFacts,
    Progress,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    TurnCounts,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
    Underruns,
)
from harness.recording import Histogram, RunDirectory, reserve

_TURNS_PER_SESSION = 10
_LIMIT_MS = 15_000.0
_SPOKEN_NS = 2 * NS_PER_S
_BUFFERS_MS = (20, 60, 200)
_SLO = """[[objective]]
metric = "voice_to_voice"
percentile = 95
limit_ms = 3000
[[objective]]
failure_rate = 0.01
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTime:
    """What one gate took.

    Attributes:
        what: What it judged.
        limit_s: How long it may take.
        wall_s: From its start to its end.
        cpu_s: Processor time, which other programs on the machine lengthen less.
        code: Its exit code.
    """

    what: str
    limit_s: float
    wall_s: float
    cpu_s: float
    code: int


def measure(judged: int, compared: int, progress: Progress) -> tuple[GateTime, GateTime]:
    """Judge one run by itself, and compare two with each other.

    Args:
        judged: Turns of the run that is judged.
        compared: Turns of each run that is compared.
        progress: Receives the progress.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        slo = root / "slo.toml"
        slo.write_text(_SLO, encoding="utf-8")
        progress.step(f"a run of {judged} turns", "turns")
        one = write_run(root, judged, seed=1)
        first = _timed(f"one run of {judged} turns", 1.0, [str(one), "--slo", str(slo)])
        progress.step(f"two runs of {compared} turns", "turns")
        mine, theirs = (write_run(root, compared, seed=seed) for seed in (2, 3))
        words = [str(mine), "--baseline", str(theirs), "--run-sd", "0.02"]
        second = _timed(f"{compared} turns against {compared}", 5.0, words)
    return first, second


def _timed(what: str, limit_s: float, words: Sequence[str]) -> GateTime:
    before, began_ns = resource.getrusage(resource.RUSAGE_CHILDREN), now_ns()
    command = [sys.executable, "-m", "harness", "gate", *words]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, env=for_child(), check=False)
    after, ended_ns = resource.getrusage(resource.RUSAGE_CHILDREN), now_ns()
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return GateTime(
        what=what,
        limit_s=limit_s,
        wall_s=(ended_ns - began_ns) / NS_PER_S,
        cpu_s=cpu_s,
        code=code.returncode,
    )


def write_run(root: Path, turns: int, *, seed: int) -> Path:
    """Write a made-up run of that many turns, and return its folder.

    Args:
        root: Where.
        turns: How many, rounded down to whole sessions.
        seed: Of its latencies.
    """
    sessions = turns // _TURNS_PER_SESSION
    path = reserve(root, "made-up", date(2026, 1, 1))
    directory = RunDirectory(path, _manifest(path.name, sessions, seed))
    target = SimulatedTarget(icc=0.2, run_sd=0.0, sessions=sessions, turns=_TURNS_PER_SESSION)
    (latencies_ms,) = target.runs(1, np.random.default_rng(seed))
    for number, of_session in enumerate(latencies_ms):
        name = f"s{number:06}"
        directory.append_turns([_turn(name, i, float(ms)) for i, ms in enumerate(of_session)])
    directory.append_sessions([_session(f"s{n:06}", n) for n in range(sessions)])
    calm = Histogram()
    calm.record_many([NS_PER_MS // 10] * 100)
    for tag in ("send_lateness", "loop_lag"):
        directory.append_histogram(tag, calm, 0, NS_PER_S)
    directory.append_event(RunEvent(kind=RunEventKind.FINISHED, at_ns=60 * NS_PER_S))
    return path


def _manifest(run_id: str, sessions: int, seed: int) -> RunManifest:
    dialect = find_dialect(DEFAULT_DIALECT)
    corpus = CorpusFacts(
        name="made up",
        synthetic=True,
        clips=1,
        digest="",
        licence="",
        source="",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    return RunManifest(
        run_id=run_id,
        started_at=f"2026-01-01T00:00:{seed:02}+00:00",
        origin_ns=0,
        scenario="made-up",
        target="ws://127.0.0.1:1",
        simulated=True,
        model="none",
        dialect=dialect.name,
        corpus=corpus,
        audio=dialect.audio,
        frame_ms=20,
        turn_limit_ms=_LIMIT_MS,
        seeds={"run": seed},
        schedule_hash=f"{seed}",
        calls_planned=sessions,
        networks=(),
    )


def _turn(session: str, index: int, latency_ms: float) -> TurnRecord:
    heard_ns = _SPOKEN_NS + round(latency_ms * NS_PER_MS)
    endpoint_ns = (_SPOKEN_NS + heard_ns) // 2
    return TurnRecord(
        session_id=session,
        turn_index=index,
        kind=TurnKind.LATER if index else TurnKind.FIRST,
        status=TurnStatus.COMPLETED,
        network="none",
        utterance_id=f"u{index}",
        limit_ms=_LIMIT_MS,
        at=replace(
            TurnInstants(scheduled_start_ns=0, session_open_start_ns=0, session_ready_ns=0),
            speech_onset_ns=0,
            speech_end_ns=_SPOKEN_NS,
            speech_end_sent_ns=_SPOKEN_NS,
            last_frame_sent_ns=_SPOKEN_NS,
            server_endpoint_ns=endpoint_ns,
            response_created_ns=endpoint_ns,
            first_text_ns=endpoint_ns,
            first_audio_ns=heard_ns,
            first_audible_ns=heard_ns,
            last_audio_ns=heard_ns + NS_PER_S,
            playout_end_ns=heard_ns + 2 * NS_PER_S,
        ),
        counts=TurnCounts(
            frames_sent=100,
            samples_sent=48_000,
            audio_deltas=20,
            samples_received=48_000,
            received_rate_hz=24_000,
            underruns=tuple(
                Underruns(buffer_ms=buffer_ms, count=0, total_ms=0.0, longest_ms=0.0)
                for buffer_ms in _BUFFERS_MS
            ),
        ),
        provider_ids={"response": f"resp_{session}_{index}", "item": f"item_{session}_{index}"},
        endpoint_lateness_ns=0,
        arrival_uncertainty_ns=0,
        processing_delay_ns=0,
    )


def _session(name: str, number: int) -> SessionRecord:
    return SessionRecord(
        session_id=name,
        call_number=number,
        network="none",
        turns_planned=_TURNS_PER_SESSION,
        turns_done=_TURNS_PER_SESSION,
        open_start_ns=0,
        ready_ns=NS_PER_MS,
        closed_ns=60 * NS_PER_S,
        frames_intended=100,
        frames_sent=100,
    )
