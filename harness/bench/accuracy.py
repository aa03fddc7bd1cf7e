"""Measured against true: runs under Locust against the simulator, which knows its latencies."""

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from harness.analysis import BY_NAME, accuracy, turn_latency
from harness.analysis.accuracy import true_voice_to_voice_ms, truth_uncertainty_ms
from harness.analysis.error_bound import error_bounds
from harness.bench import machine
from harness.bench.child_process import Child, busy_cores
from harness.bench.findings import AccuracyFinding
from harness.bench.locust_run import LocustRun, wait_for
from harness.bench.workload import SPREAD_S, short_corpus
from harness.corpus.manifest import write_manifest
from harness.model import NS_PER_MS, Progress, TurnRecord, TurnStatus
from harness.recording import files, read_run, read_truth

# The quickest: more turns in the same time.
_PRESET = "ultravox-0.7"
_START_LIMIT_S = 60.0
# The fault of a call that the end of the run cut off.
_STOPPED = "stopped"
# What the project promises of the 99th percentile.
_OFF_MS = 1.0
# A turn whose truth the simulator knows less exactly than this proves nothing.
_UNSURE_MS = 0.5


def measure_accuracy(
    sessions: int, seconds: float, progress: Progress, *, busy: bool = False
) -> AccuracyFinding:
    """Hold some sessions against the simulator and compare every turn with the truth.

    Args:
        sessions: How many at once.
        seconds: For how long, from when the first begins.
        progress: Receives the progress.
        busy: Keep every core busy with another program meanwhile.
    """
    beside = " beside a program that keeps every core busy" if busy else ""
    progress.step(f"measured against true: {sessions} sessions for {seconds:g} s{beside}")
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        run, corpus, said = Path(scratch) / "run", Path(scratch) / "said.jsonl", short_corpus()
        run.mkdir()
        write_manifest(corpus, said.clips, said.folder)
        serve = ("harness", "simulator", "--port", "0", "--exit-with-stdin", "--preset", _PRESET)
        truth = ("--truth", str(run / files.TRUTH))
        simulator = stack.enter_context(Child(*serve, *truth, core=theirs))
        held = LocustRun(
            simulator.address(),
            sessions,
            ramp_s=min(SPREAD_S, max(1.0, seconds / 2)),
            folder=run,
            options=("--corpus", str(corpus), "--simulated"),
            core=mine,
        )
        with held:
            wait_for(held, (run / files.MANIFEST).exists, _START_LIMIT_S)
            with busy_cores(os.cpu_count() or 1 if busy else 0):
                time.sleep(seconds)
        return compare(run, sessions, busy=busy)


def compare(run: Path, sessions: int, *, busy: bool = False) -> AccuracyFinding:
    """Return what the records of a run and the truth beside them have in common."""
    records, truth = read_run(run), read_truth(run)
    rate_hz = records.manifest.audio.rate_hz
    bounds = error_bounds(records.turns)
    known = {(record.session_id, record.response_id): record for record in truth}
    off_ms, beyond, unsure = [], 0, set()
    for turn in records.turns:
        ids = turn.provider_ids
        record = known.get((ids.get("session", ""), ids.get("response", "")))
        measured = turn_latency(BY_NAME["voice_to_voice"], turn)
        true_ms = None if record is None else true_voice_to_voice_ms(turn, record, rate_hz)
        if record is None or true_ms is None or measured is None or measured.censored:
            continue
        if truth_uncertainty_ms(turn, record) > _UNSURE_MS:
            unsure.add(id(turn))
        else:
            off_ms.append(measured.ms - true_ms)
            allowed_ms = (turn.error_bound_ns or 0) / NS_PER_MS + _OFF_MS
            beyond += abs(off_ms[-1]) > allowed_ms
    found = accuracy((t for t in records.turns if id(t) not in unsure), truth, records.manifest)
    of_percentiles_ms = found[0].of_percentiles_ms if found else {}
    return AccuracyFinding(
        sessions=sessions,
        busy=busy,
        turns=len(off_ms),
        void=sum(_is_spoiled(turn) for turn in records.turns),
        unsure=len(unsure),
        off=sum(abs(error_ms) > _OFF_MS for error_ms in off_ms),
        beyond_bound=beyond,
        bound_p50_ms=_rounded(bounds.p50_ms),
        bound_p99_ms=_rounded(bounds.p99_ms),
        error_p50_ms=_rounded(of_percentiles_ms.get(50)),
        error_p95_ms=_rounded(of_percentiles_ms.get(95)),
        error_p99_ms=_rounded(of_percentiles_ms.get(99)),
        worst_ms=_rounded(max(off_ms, key=abs, default=None)),
    )


def _is_spoiled(turn: TurnRecord) -> bool:
    """Return whether our own lateness made a turn void, and not the end of the run."""
    stopped = turn.fault is not None and turn.fault.code == _STOPPED
    return turn.status is TurnStatus.VOID and not stopped


def _rounded(value_ms: float | None) -> float | None:
    return None if value_ms is None else round(value_ms, 3)
